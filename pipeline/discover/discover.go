// Package discover says which targets exist now: files that globs match,
// containers of Docker's data folder, the journal; and what is there and
// cannot be read, with the command that opens it.
package discover

import (
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// Kind says which source reads a target.
type Kind uint8

// The kinds of targets.
const (
	File    Kind = iota // a regular file: source/file
	Pipe                // a named pipe or character device: source/pipe
	Journal             // systemd's journal: source/journal
)

// Target is one thing to read.
type Target struct {
	Key    string // unique, and the same after a restart
	Job    string
	Config *config.ScrapeConfig // the job's
	Kind   Kind
	Path   string           // absolute; the journal's folder, "" for the system's
	Labels []pipeline.Label // with filename for files, without __path__; sorted by name
	Meta   []pipeline.Field // structured metadata of every entry
	// FirstReadsRotated: at first sight the rotated siblings belong to it too.
	FirstReadsRotated bool
	// IgnoreOlder leaves alone what did not change for so long when it is first
	// seen; 0 reads all.
	IgnoreOlder time.Duration
}

// State says what a Problem means.
type State uint8

// The states.
const (
	Unreadable State = iota // it is there, and this user cannot read it
	NoMatch                 // a glob matches no file now: no error, but shown
	LeftOut                 // it is there and deliberately not read
)

// Problem is something that the configuration names and that is not read.
type Problem struct {
	State  State
	Job    string
	Path   string // the file or folder, or the glob
	Reason string
	Remedy string // the command that opens it, "" if there is none
	User   string // whom Remedy is for: the user that the collector runs as
}

// Options are what a Discoverer is made with.
type Options struct {
	Jobs []config.ScrapeConfig
	// Rotated reports whether name is a rotated generation of base; both are
	// names without a folder.
	Rotated  func(base, name string) bool
	Hostname string // what the label __host__ is compared with
	User     string // the user of remedies, "" for the process's own
}

// Discoverer looks for targets. It is used by one goroutine.
type Discoverer struct{ opts Options }

// New returns a discoverer of the jobs' targets.
func New(opts Options) *Discoverer { return &Discoverer{opts: opts} }

// Sync returns the targets that exist now, sorted by key, and what is not read.
// It starts nothing and waits for nothing but the file system.
func (d *Discoverer) Sync() (targets []Target, problems []Problem) { return nil, nil }
