package grouping

import (
	"bytes"
	"slices"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
)

// key computes the hashes of the exception and the key.
func (r *Result) key() {
	switch r.Kind {
	case Failure:
		r.exceptionHashes()
		r.site = r.siteOf()
		h := newHasher("exception")
		h.hash(r.ExceptionHash)
		h.bytes(r.site)
		r.Key = h.sum()
	case Server:
		h := newHasher("typed")
		h.bytes(r.Type)
		h.bytes(r.Masked)
		r.Key = h.sum()
	default:
		h := newHasher("message")
		h.bytes(r.Masked)
		r.Key = h.sum()
	}
}

// siteOf is what tells the statements apart that log one exception, and no more:
// file and function, or the first word of the message. The rest of the message
// often names what the exception happened to, and a statement may have several
// messages and loggers.
func (r *Result) siteOf() []byte {
	if file, _, _ := bytes.Cut(lastName(r.file), []byte(":")); isSource(file) {
		from := len(r.scratch)
		r.scratch = append(append(r.scratch, file...), ' ')
		r.scratch = append(r.scratch, r.function...)
		return r.scratch[from:]
	}
	value, _, _ := bytes.Cut(r.Value, []byte("\n"))
	if len(value) > 0 && hasPrefix(r.Message, string(value)) { // the exception's own
		return nil
	}
	end := 0
	for end < len(r.Message) && (isLetter(r.Message[end]) || r.Message[end] >= 0x80) {
		end++
	}
	return r.Message[:end]
}

// isSource reports whether a name is one of a source file or a module, and not
// of a file that the message is about.
func isSource(name []byte) bool {
	_, end, found := cutLast(name, '.')
	if !found {
		return len(name) > 0
	}
	switch string(end) {
	case "py", "go", "js", "mjs", "cjs", "ts", "tsx", "jsx", "java", "kt", "scala", "rb", "php", "cs", "rs", "c", "cc", "cpp":
		return true
	}
	return false
}

func lastName(path []byte) []byte { return path[bytes.LastIndexAny(path, `/\`)+1:] }

func (r *Result) exceptionHashes() {
	application, frames := false, false
	for i := range r.Exceptions {
		for k := range r.Exceptions[i].Frames {
			frames = true
			application = application || r.Exceptions[i].Frames[k].Origin == Application
		}
	}
	if frames {
		r.AllHash = chainHash("all", r.Exceptions, false)
		r.ExceptionHash = r.AllHash
	}
	if application {
		r.InAppHash = chainHash("application", r.Exceptions, true)
		r.ExceptionHash = r.InAppHash
	}
	if !frames {
		from := len(r.scratch)
		r.scratch = mask.Append(r.scratch, r.Value[:min(len(r.Value), maxMasked)])
		h := newHasher("bare")
		h.hash(chainHash("types", r.Exceptions, true))
		h.bytes(r.scratch[from:])
		r.ExceptionHash = h.sum()
	}
}

// chainHash is of the exceptions' types and frames. Equal neighbours count once,
// as retries raise the same exception again and again; the members of a group
// count without order and number; suppressed ones do not.
func chainHash(kind string, exceptions []Exception, applicationOnly bool) Hash {
	h := newHasher(kind)
	var before uint64
	var members []uint64
	for i := range exceptions {
		one := oneHash(&exceptions[i], applicationOnly)
		switch {
		case exceptions[i].Relation == Suppressed:
		case exceptions[i].Relation == Member:
			members = append(members, one)
		case one != before:
			h.number(one)
			before = one
		}
	}
	slices.Sort(members)
	for _, one := range slices.Compact(members) {
		h.number(one)
	}
	return h.sum()
}

// oneHash is of the type and the frames of one exception.
func oneHash(e *Exception, applicationOnly bool) uint64 {
	h := newHasher("one")
	h.bytes(e.Type)
	h.bytes(e.detail)
	for i := range e.Frames {
		if f := &e.Frames[i]; f.counts(applicationOnly) {
			h.bytes(f.Module)
			h.bytes(f.Function)
		}
	}
	return uint64(h.sum())
}

// counts reports whether the frame is one of those that make a hash.
func (f *Frame) counts(applicationOnly bool) bool {
	if applicationOnly {
		return f.Origin == Application
	}
	return f.Origin != Glue
}

// Culprit is where the event happened, for people: the innermost function of the
// application ("shop/cart in checkout"), a server's request or unit; "" when
// the event does not tell.
func (r *Result) Culprit() string {
	if len(r.culprit) > 0 {
		return string(r.culprit)
	}
	frames := r.Stack
	if len(r.Exceptions) > 0 {
		frames = r.Exceptions[0].Frames
	}
	at := -1
	for i := range frames {
		if frames[i].Origin == Application || at < 0 || frames[at].Origin != Application {
			at = i
		}
	}
	if at < 0 {
		return ""
	}
	if len(frames[at].Module) == 0 {
		return string(frames[at].Function)
	}
	return string(frames[at].Module) + " in " + string(frames[at].Function)
}

// maxTitle is how many bytes a title has at most.
const maxTitle = 200

// Title is one line for people: "ValueError: invalid literal …", or the message.
func (r *Result) Title() string {
	title := firstLine(r.Message)
	if r.Kind != Message {
		title = firstLine(r.Value)
		switch {
		case len(r.Type) > 0 && len(title) > 0:
			title = string(r.Type) + ": " + title
		case len(r.Type) > 0:
			title = string(r.Type)
		case len(title) == 0:
			title = "incomplete traceback"
		}
	}
	if len(title) > maxTitle {
		title = string(bytes.ToValidUTF8([]byte(title[:maxTitle]), nil)) + "…"
	}
	return title
}

func firstLine(text []byte) string {
	line, _, _ := bytes.Cut(trimSpace(text), []byte("\n"))
	return string(trimSpace(line[:min(len(line), 4*maxTitle)]))
}
