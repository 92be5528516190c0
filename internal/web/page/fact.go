package page

// Fact is a question of the policy as an input named FactField(Name), with what is known. Type is as policies write it; Options
// are the words to choose from.
type Fact struct {
	Name, Ask, Type, Value string
	Options                []Option
}

// FactField is the form field of a fact.
func FactField(name string) string { return "fact." + name }

func (d Fact) field() string { return FactField(d.Name) }

func (d Fact) many() bool { return d.Type == "set" }

func (d Fact) inputType() string {
	if d.Type == "date" {
		return "date"
	}
	return "text"
}

func (f Frame) factHint(d Fact) string {
	switch d.Type {
	case "duration":
		return f.T("Such as 3h or 2d.")
	case "instant":
		return f.T("Such as 2026-11-24T08:00:00Z.")
	case "number":
		return f.T("A whole number.")
	}
	return ""
}
