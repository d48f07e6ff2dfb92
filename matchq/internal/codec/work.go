package codec

import "strings"

// ParseWork reads the text of an event in a group's work, as lua/lib/work.lua writes it: the fields of an entry that was
// cut at the event's place.
func ParseWork(text string) map[string]string {
	fields := map[string]string{}
	for text != "" {
		var name, value string
		name, text, _ = strings.Cut(text, "\n")
		if name == "tickets" { // the last one, and the only one of several lines
			fields[name] = text
			break
		}
		value, text, _ = strings.Cut(text, "\n")
		fields[name] = value
	}
	return fields
}
