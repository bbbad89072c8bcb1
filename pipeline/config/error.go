package config

import "fmt"

// Pos is a place in a configuration file. Line and Column count from 1; the
// zero Pos is that of a value which no file gave.
type Pos struct {
	File         string
	Line, Column int
}

// String is file:line:column, as compilers and editors write it.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	if p.Column == 0 {
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is one problem of a configuration file.
type Error struct {
	Pos Pos
	// Path is the key path, such as clients[0].url; "" for the whole file.
	Path string
	// Message says what is wrong and what to do.
	Message string
}

// Error is "file:line:column: path: message".
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Pos.String() + ": " + e.Message
	}
	return e.Pos.String() + ": " + e.Path + ": " + e.Message
}

// Warning is a part of the file that is accepted and has no effect, or should
// be written in another way.
type Warning struct {
	Pos     Pos
	Message string
}

// String is "file:line:column: message".
func (w Warning) String() string { return w.Pos.String() + ": " + w.Message }
