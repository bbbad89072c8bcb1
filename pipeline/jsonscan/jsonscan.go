// Package jsonscan reads JSON log lines without allocating: it validates a
// document in one pass and hands out the members of an object as views into
// it. It exists because encoding/json allocates for every member and a
// collector looks at a few members of millions of lines.
//
// The package accepts exactly what encoding/json accepts (a fuzz test holds
// the two together); the Lenient mode adds the bare NaN, Infinity and
// -Infinity that Python's json module writes. Every []byte that is handed out
// is a view into the document: it is valid as long as the document is, and
// must not be changed.
package jsonscan

import (
	"errors"
	"fmt"
)

// MaxDepth is how deeply objects and arrays may be nested; a deeper document
// is an error. It is encoding/json's own limit.
const MaxDepth = 10000

// Kind says what a value is.
type Kind uint8

// The kinds of values.
const (
	Invalid   Kind = iota // no value
	Null                  // null
	Bool                  // true or false
	Number                // a number, its text as written
	String                // a string, still escaped, without its quotes
	Object                // an object, braces included
	Array                 // an array, brackets included
	NotFinite             // NaN, Infinity or -Infinity; in Lenient mode alone
)

// String names the kind, for error messages.
func (k Kind) String() string {
	names := [...]string{"invalid", "null", "bool", "number", "string", "object", "array", "not finite"}
	if int(k) >= len(names) {
		return names[Invalid]
	}
	return names[k]
}

// Mode says how strict a scan is.
type Mode uint8

// The modes.
const (
	Strict  Mode = iota // JSON as encoding/json accepts it
	Lenient             // also bare NaN, Infinity and -Infinity as values
)

// ErrSyntax is wrapped by every error about a document that is not JSON.
var ErrSyntax = errors.New("not valid JSON")

// ErrNotObject is returned for a document that starts like JSON but not with
// an object.
var ErrNotObject = errors.New("not a JSON object")

// SyntaxError says where a document stops being JSON. It unwraps to ErrSyntax.
type SyntaxError struct {
	Offset int // in bytes from the document's start
}

// Error gives the offset.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%v at byte %d", ErrSyntax, e.Offset) }

// Unwrap returns ErrSyntax.
func (e *SyntaxError) Unwrap() error { return ErrSyntax }

// Valid reports whether doc is one valid JSON value with nothing but white
// space around it, exactly as encoding/json's Valid does.
func Valid(doc []byte) bool {
	s := scanner{doc: doc}
	end, kind := s.value(s.space(0), 0)
	return kind != Invalid && s.space(end) == len(doc)
}

// Fields calls visit for each member of the object doc, in order, repeated
// keys included, until visit returns false; the rest is then neither visited
// nor validated, and the error is nil. Key and value are as in Members. A
// closure given as visit does not escape, so it is not allocated.
func Fields(doc []byte, visit func(key, value []byte, kind Kind) bool) error {
	m := Iterate(doc, Strict)
	for m.Next() {
		if !visit(m.Key, m.Value, m.Kind) {
			return nil
		}
	}
	return m.Err()
}
