// Package journal reads systemd's journal through journalctl, which needs no
// cgo and knows every format that its own version of systemd writes.
package journal

import (
	"context"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions.
type Options struct {
	Command []string      // how journalctl is called; its arguments are added
	Path    string        // the journal's folder, "" for the system's
	Matches string        // FIELD=value terms separated by spaces, as promtail has them
	MaxAge  time.Duration // how far back a start without a saved cursor goes
	JSON    bool          // the line is a JSON object of all fields
	User    string        // whom the remedy for missing permission names, "" for the own user
	// Skipped is told of each entry that gives no line, and why.
	Skipped func(reason string)
	Now     func() time.Time
}

// Source is one journal. It implements pipeline.Source; Run has to be running
// for it to have lines.
type Source struct{ opts Options }

// New returns the journal's source, to go on behind the saved places (at most
// one), or MaxAge back without one.
func New(places []pipeline.Place, opts Options) *Source { return &Source{opts: opts} }

// Run runs journalctl, again whenever it ends, until ctx is done. Nothing that
// it started is left when it returns. What is wrong is returned by Read.
func (s *Source) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Read implements pipeline.Source. Its error says why journalctl does not run
// or does not show everything, and what to do about it.
func (s *Source) Read(b *pipeline.Block, now time.Time) error { return nil }

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return time.Time{} }

// Unsettled implements pipeline.Source, in bytes of journalctl's output.
func (s *Source) Unsettled() int64 { return 0 }

// Places implements pipeline.Source.
func (s *Source) Places() []pipeline.Place { return nil }

// Close implements pipeline.Source: it does nothing, Run cleans up.
func (s *Source) Close() error { return nil }
