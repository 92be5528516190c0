package page

// QueueSort is the order of a queue.
type QueueSort string

const (
	Urgent QueueSort = "urgent"
	Newest QueueSort = "newest"
)

// Queue is GET /desk/{level} and /desk/mine: one list of tickets of a desk.
// Query: sort=urgent|newest, after=CURSOR (keyset; empty is the first page).
type Queue struct {
	Frame
	// Name is the list's name ("Level 1", "Mine"); Desk the organisation whose desk it is.
	Name string
	Desk Org
	// Hours of the desk; Known false says nothing (for Mine).
	Hours Hours
	// Address is the list's path without a query: "/desk/L1".
	Address string
	Sort    QueueSort
	// Total counts the list; More marks it as a floor.
	Total int
	More  bool
	Rows  []QueueRow
	// Older is the cursor of the next page, empty on the last. First is true on the first page.
	Older string
	First bool
	// Tabs lead to the other lists of a kind and stand in the place of the order; empty for a queue.
	Tabs []NavItem
	// ShowLevel adds the level to each row, for lists over several levels.
	ShowLevel bool
}

// Overview is GET /desk/all: the queues of a desk beside each other, for who manages it.
type Overview struct {
	Frame
	Desk Org
	// Queues hold the first few rows each; Older is set where there are more.
	Queues []Queue
}

// QueueRow is one ticket in a queue.
type QueueRow struct {
	Number, Subject string
	State           State
	// Requester is a name; Organisation is the requester's.
	Requester    string
	Organisation Org
	// Product is the product type in words ("Cloud server").
	Product string
	Level   string
	// Severity in words, or "".
	Severity string
	// DueAt is the next promise, UTC milliseconds, 0 for none; Goal marks it as a goal.
	DueAt int64
	Goal  bool
	// Assignee is a name, or "" when nobody has it; AssigneeYou when it is the viewer.
	Assignee    string
	AssigneeYou bool
	// Unread is true when the requester wrote last and nobody answered.
	Unread bool
	// BestEffort marks work outside the hours or beyond the contract; it is said where nothing is due.
	BestEffort bool
	// Unsettled marks work of which it is not known yet whether it is covered; it is said where nothing is due.
	Unsettled bool
}

func (p Queue) emptyTitle() string {
	if len(p.Tabs) > 0 {
		return p.T("Nothing is set aside")
	}
	if p.Address == "/desk/mine" {
		return p.T("Nothing is assigned to you")
	}
	return p.T("Nothing is waiting at %s", p.Name)
}

// firstQueue is where work is found by somebody who has none of their own.
func (p Queue) firstQueue() string {
	if p.Address != "/desk/mine" || len(p.Nav) == 0 || p.Nav[0].Href == p.Address {
		return ""
	}
	return p.Nav[0].Href
}
