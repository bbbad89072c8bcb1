package state

import (
	"errors"

	sqlite "modernc.org/sqlite"
)

// The primary result codes of SQLite for a file that cannot be written.
const (
	codeReadOnly = 8
	codeIO       = 10
	codeFull     = 13
)

// WriteFault says to people why a database could not be written, and what to do;
// "" when err is of another kind.
func WriteFault(err error) string {
	known, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return ""
	}
	switch known.Code() & 0xff {
	case codeFull:
		return "the dashboard cannot store it: the disk of its data folder is full; free some space there and try again"
	case codeReadOnly:
		return "the dashboard cannot store it: its data folder is read-only; make it writable and try again"
	case codeIO:
		return "the dashboard cannot store it: the disk of its data folder fails; its log says more"
	}
	return ""
}
