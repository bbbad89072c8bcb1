package issues

import (
	"slices"

	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// maxFunctions is how many functions of one event can be found.
const maxFunctions = 128

// FunctionReader reads which functions are in the tracebacks of events. The zero
// value is ready; one goroutine uses it.
type FunctionReader struct {
	grouper grouping.Grouper
	result  grouping.Result
}

// Functions returns the functions in the tracebacks of an event, each once, in
// no order.
func (r *FunctionReader) Functions(e *Event) []string {
	if e.Text == "" {
		return nil
	}
	r.grouper.Group(grouping.Event{Text: []byte(e.Text), Service: e.Service}, &r.result)
	var found []string
	add := func(frames []grouping.Frame) {
		for i := range slices.Backward(frames) { // the innermost ones say most
			name := cut(string(frames[i].Function), MaxTag)
			if name != "" && len(found) < maxFunctions && !slices.Contains(found, name) {
				found = append(found, name)
			}
		}
	}
	for i := range r.result.Exceptions {
		add(r.result.Exceptions[i].Frames)
	}
	add(r.result.Stack)
	return found
}
