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

// Mode says how strict a scan is.
type Mode uint8

// The modes.
const (
	Strict  Mode = iota // JSON as encoding/json accepts it
	Lenient             // also bare NaN, Infinity and -Infinity as values
)
