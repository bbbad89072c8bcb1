package jsonscan

import "errors"

// Members iterates over the members of one object, in the order of the
// document, repeated keys included:
//
//	it := jsonscan.Iterate(line, jsonscan.Strict)
//	for it.Next() {
//		use(it.Key, it.Value, it.Kind)
//	}
//	if it.Err() != nil { … the document is not one valid JSON object … }
//
// It lives on the caller's stack and allocates nothing. Members seen before an
// error have been handed out by then: whoever needs the whole document to be
// valid looks at Err first.
type Members struct {
	Key   []byte // the member's name, still escaped, without its quotes
	Value []byte // the value's view; a string is without its quotes, still escaped
	Kind  Kind   // what the value is

	doc []byte
	err error
}

// Iterate starts an iteration over the object that doc consists of. White
// space around it is allowed.
func Iterate(doc []byte, mode Mode) Members { return Members{doc: doc} }

// Next moves to the next member and reports whether there is one. It is false
// at the end of the object and at the first error.
func (m *Members) Next() bool { return false }

// Err is nil when the document was one valid JSON object and nothing else, or
// when the end has not been reached. It wraps ErrSyntax.
func (m *Members) Err() error { return m.err }

// ErrSyntax is what every error about a document wraps.
var ErrSyntax = errors.New("not valid JSON")

// ErrNotObject is returned for a valid document that is no object.
var ErrNotObject = errors.New("not a JSON object")

// Valid reports whether doc is one valid JSON value with nothing but white
// space around it, exactly as encoding/json's Valid does.
func Valid(doc []byte) bool { return false }

// Fields calls visit for each member of the object doc until visit returns
// false (the rest is then neither visited nor validated, and the error is
// nil). Key and value are as in Members. A closure given as visit does not
// escape and is not allocated.
func Fields(doc []byte, visit func(key, value []byte, kind Kind) bool) error { return nil }

// Get looks up a dotted path of member names ("log.level", no arrays, no
// escapes) in the object doc. A member whose own name is the whole rest of the
// path ("log.level" as a flat key) is found as well, nested objects first. Of
// repeated keys the last counts, as in encoding/json. It returns a view as
// Members does; the kind is Invalid when there is no such member or the
// document is not a valid object.
func Get(doc []byte, path string) (value []byte, kind Kind) { return nil, Invalid }

// AppendUnescape appends the text that raw stands for to dst. Raw is the
// inside of a JSON string as Members hands it out. Lone surrogates and bytes
// that are not UTF-8 become U+FFFD, as in encoding/json.
func AppendUnescape(dst, raw []byte) []byte { return dst }
