package grouping

import "github.com/tovtech/tovplay-logging/pipeline/grouping/mask"

// Explanation says why an event has its key, for people.
type Explanation struct {
	Version string `json:"version"`
	Key     Hash   `json:"key"`
	// Kind is message, exception or server.
	Kind string `json:"kind"`
	// Rule is the custom rule that gave the key, "" for none.
	Rule  string `json:"rule,omitempty"`
	Title string `json:"title"`
	// Parts are what counted for the key, in order.
	Parts []Part `json:"parts"`
	// Message is what was logged, Masked the same with what varies replaced.
	Message string `json:"message"`
	Masked  string `json:"masked"`

	ExceptionHash Hash `json:"exception_hash,omitempty"`
	InAppHash     Hash `json:"in_app_hash,omitempty"`
	AllHash       Hash `json:"all_hash,omitempty"`
	PatternHash   Hash `json:"pattern_hash"`

	Exceptions []ExplainedException `json:"exceptions,omitempty"`
	// Stack is where a record without an exception was logged. It never counts.
	Stack []ExplainedFrame `json:"stack,omitempty"`

	CorrelationID string `json:"correlation_id,omitempty"`
	SQLState      string `json:"sqlstate,omitempty"`
	Detail        string `json:"detail,omitempty"`
	Statement     string `json:"statement,omitempty"`
}

// Part is one part of a key.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ExplainedException is one exception of the chain.
type ExplainedException struct {
	Type   string `json:"type"`
	Module string `json:"module,omitempty"`
	Value  string `json:"value"`
	// Relation is to the exception with the index Parent: raised, cause, context,
	// member or suppressed.
	Relation string           `json:"relation"`
	Parent   int              `json:"parent"`
	Frames   []ExplainedFrame `json:"frames"`
	// Dropped is how many frames the event has besides.
	Dropped int `json:"dropped,omitempty"`
}

// ExplainedFrame is one function of the stack, the outermost call first.
type ExplainedFrame struct {
	Module   string `json:"module"`
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Repeats  int    `json:"repeats,omitempty"`
	InApp    bool   `json:"in_app"`
	// Counted says whether it is a part of the key, else LeftOut says why not.
	Counted bool   `json:"counted"`
	LeftOut string `json:"left_out,omitempty"`
}

// Explanation explains what the last Group found. It is a copy: it stays valid.
func (r *Result) Explanation() Explanation {
	e := Explanation{
		Version: Version, Key: r.Key, Kind: r.Kind.String(), Rule: r.Rule, Title: r.Title(), Parts: r.explainParts(),
		Message: string(r.Message), Masked: string(r.Masked),
		ExceptionHash: r.ExceptionHash, InAppHash: r.InAppHash, AllHash: r.AllHash, PatternHash: r.PatternHash,
		Stack:         explainFrames(r.Stack, func(*Frame) string { return "where it was logged, not what failed" }),
		CorrelationID: string(r.CorrelationID), SQLState: string(r.SQLState), Detail: string(r.Detail), Statement: string(r.Statement),
	}
	for i := range r.Exceptions {
		x := &r.Exceptions[i]
		e.Exceptions = append(e.Exceptions, ExplainedException{
			Type: string(x.Type), Module: string(x.Module), Value: string(x.Value), Relation: x.Relation.String(), Parent: x.Parent,
			Frames: explainFrames(x.Frames, r.leftOut), Dropped: x.Dropped,
		})
	}
	return e
}

func explainFrames(frames []Frame, leftOut func(*Frame) string) []ExplainedFrame {
	explained := make([]ExplainedFrame, 0, len(frames))
	for i := range frames {
		f := &frames[i]
		why := leftOut(f)
		explained = append(explained, ExplainedFrame{
			Module: string(f.Module), Function: string(f.Function), File: string(f.File), Line: f.Line, Repeats: f.Repeats,
			InApp: f.Origin == Application, Counted: why == "", LeftOut: why,
		})
	}
	return explained
}

// leftOut says why a frame of an exception does not count, "" if it does.
func (r *Result) leftOut(f *Frame) string {
	switch {
	case r.Rule != "":
		return "a custom rule gives the key"
	case f.counts(r.InAppHash != 0):
		return ""
	}
	return f.Origin.String()
}

func (r *Result) explainParts() (parts []Part) {
	if r.Rule != "" {
		for _, part := range r.parts {
			parts = append(parts, Part{"rule", part})
		}
		return parts
	}
	switch r.Kind {
	case Failure:
		parts = r.explainFailure()
		if len(r.site) > 0 {
			parts = append(parts, Part{"logged by", string(r.site)})
		}
	case Server:
		parts = append(parts, Part{"type", string(r.Type)}, Part{"message", string(r.Masked)})
	default:
		parts = append(parts, Part{"message", string(r.Masked)})
	}
	return parts
}

// explainFailure names the types and frames of the chain that counted.
func (r *Result) explainFailure() (parts []Part) {
	frames := false
	for i := range r.Exceptions {
		x := &r.Exceptions[i]
		if x.Relation == Suppressed {
			continue
		}
		name := "type"
		if i > 0 {
			name = x.Relation.String()
		}
		parts = append(parts, Part{name, string(x.Type)})
		if len(x.detail) > 0 {
			parts = append(parts, Part{"detail", string(x.detail)})
		}
		for k := range x.Frames {
			if f := &x.Frames[k]; f.counts(r.InAppHash != 0) {
				frames = true
				parts = append(parts, Part{"frame", string(f.Module) + " in " + string(f.Function)})
			}
		}
	}
	if !frames {
		parts = append(parts, Part{"message", string(mask.Append(nil, r.Value[:min(len(r.Value), maxMasked)]))})
	}
	return parts
}
