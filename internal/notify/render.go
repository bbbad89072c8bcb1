package notify

import (
	"strings"
	"unicode/utf8"
)

// kindWords name the kinds in messages.
var kindWords = map[Kind]string{
	NewIssue: "new", RegressedIssue: "came back", SpikingIssue: "spiking",
	Matches: "search matched", Silent: "silent", HeardAgain: "heard again", Test: "test",
}

// headline is one line about an event: what, where.
func (e *Event) headline() string {
	line := strings.ToUpper(kindWords[e.Kind][:1]) + kindWords[e.Kind][1:] + ": " + shorten(oneLine(e.Title), 200)
	if where := e.where(); where != "" {
		line += " (" + where + ")"
	}
	return line
}

// where is the service and the environment of an event.
func (e *Event) where() string {
	parts := make([]string, 0, 2)
	for _, part := range []string{e.Service, e.Env} {
		if part != "" {
			parts = append(parts, shorten(oneLine(part), 60))
		}
	}
	return strings.Join(parts, ", ")
}

// link is the address of what an event is about, "" when that is not known.
func (p *poster) link(e *Event) string {
	if p.external == "" {
		return ""
	}
	return p.external + "/" + e.Path
}

// shorten cuts text to a number of bytes.
func shorten(text string, limit int) string {
	text = strings.ToValidUTF8(text, "?")
	if len(text) <= limit {
		return text
	}
	cut := limit - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
