package ticket

// State is where a ticket is in its life.
type State string

// The states. Incomplete tickets wait for what the gate asks; declined ones are
// not covered and kept with their reason; active ones stand in a queue.
const (
	Incomplete State = "incomplete"
	New        State = "new"
	Open       State = "open"
	Waiting    State = "waiting"
	Solved     State = "solved"
	Closed     State = "closed"
	Declined   State = "declined"
)

// States lists all states in the order of a ticket's life.
func States() []State { return []State{Incomplete, New, Open, Waiting, Solved, Closed, Declined} }

// Active reports whether a ticket in this state stands in a queue.
func (s State) Active() bool { return s == New || s == Open || s == Waiting }

// Action is something that happens to a ticket.
type Action string

// The actions. Answer is a message of the providing desk to the requester, Ask
// the same with the turn given to the requester, Reply one from the asker's side.
const (
	Submit   Action = "submit"
	Take     Action = "take"
	Assign   Action = "assign"
	Answer   Action = "answer"
	Ask      Action = "ask"
	Reply    Action = "reply"
	Escalate Action = "escalate"
	Return   Action = "return"
	Solve    Action = "solve"
	Reopen   Action = "reopen"
	Override Action = "override"
	Close    Action = "close"
	Lapse    Action = "lapse" // closing by a clock of the policy, whatever the ticket waits for
)

// Actions lists all actions.
func Actions() []Action {
	return []Action{Submit, Take, Assign, Answer, Ask, Reply, Escalate, Return, Solve, Reopen, Override, Close, Lapse}
}

// transitions is the whole life of a ticket: what an action makes of a state. What is not listed may not happen.
var transitions = map[Action]map[State]State{
	Submit:   {Incomplete: New},
	Take:     {New: Open, Open: Open, Waiting: Waiting},
	Assign:   {New: Open, Open: Open, Waiting: Waiting},
	Answer:   {New: Open, Open: Open, Waiting: Waiting, Solved: Solved, Closed: Closed, Declined: Declined, Incomplete: Incomplete},
	Ask:      {New: Waiting, Open: Waiting, Waiting: Waiting},
	Reply:    {Incomplete: Incomplete, New: New, Open: Open, Waiting: Open, Solved: Open, Closed: Open, Declined: Declined},
	Escalate: {New: New, Open: New, Waiting: New},
	Return:   {New: Open, Open: Open, Waiting: Open},
	Solve:    {New: Solved, Open: Solved, Waiting: Solved},
	Reopen:   {Solved: Open, Closed: Open},
	Override: {Declined: New},
	Close:    {Solved: Closed, Declined: Closed, Incomplete: Closed},
	Lapse:    {Incomplete: Closed, New: Closed, Open: Closed, Waiting: Closed, Solved: Closed},
}

// After is the state that an action leads to; ok is false when it may not happen.
func (s State) After(a Action) (next State, ok bool) {
	next, ok = transitions[a][s]
	return next, ok
}
