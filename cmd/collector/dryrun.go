package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// trial is a run that shows what the configuration does.
type trial struct {
	// dryRun prints the entries and sends none. Nothing is written to disk.
	dryRun bool
	// inspect prints what each stage does to each entry.
	inspect        bool
	stdout, stderr io.Writer
}

// isOn reports whether it is one.
func (t trial) isOn() bool { return t.dryRun || t.inspect }

// printer prints entries as promtail does: time, labels and line, separated by
// tabs. What promtail does not show, the tenant and structured metadata, follows
// behind a further tab.
type printer struct {
	w      io.Writer
	colour colours
	mu     sync.Mutex
	text   []byte
}

// deliver prints a batch and is done with it.
func (p *printer) deliver(b *pipeline.Batch) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = p.text[:0]
	for i := range b.Len() {
		at := time.Unix(0, b.Time(i)).Format("2006-01-02T15:04:05.999999999-0700")
		p.text = fmt.Appendf(p.text, "%s\t%s\t%s", p.colour.blue(at), p.colour.yellow(b.Stream.Text), b.Line(i))
		sep := "\t"
		if b.Stream.Tenant != "" {
			p.text = fmt.Appendf(p.text, "%stenant=%s", sep, b.Stream.Tenant)
			sep = " "
		}
		for k := range b.Fields(i) {
			name, value := b.Field(i, k)
			p.text = fmt.Appendf(p.text, "%s%s=%s", sep, name, value)
			sep = " "
		}
		p.text = append(p.text, '\n')
	}
	p.w.Write(p.text)
	b.Done()
}

// oneByOne are stages whose entries are handed on at once, in their order.
type oneByOne struct{ pipeline.Stages }

// Push implements pipeline.Stages.
func (s oneByOne) Push(l *pipeline.Line, now time.Time, out *pipeline.Outbox) {
	s.Stages.Push(l, now, out)
	out.Flush()
}

// Flush implements pipeline.Stages.
func (s oneByOne) Flush(now time.Time, all bool, out *pipeline.Outbox) time.Time {
	due := s.Stages.Flush(now, all, out)
	out.Flush()
	return due
}

// PausedUntil implements pipeline.Pacing.
func (s oneByOne) PausedUntil() time.Time {
	if p, ok := s.Stages.(pipeline.Pacing); ok {
		return p.PausedUntil()
	}
	return time.Time{}
}

// runDry prints what would be sent, until ctx is done. It goes on from the saved
// positions and leaves them as they are.
func (c *collector) runDry(ctx context.Context) error {
	c.manager.afterOne = func() {} // nothing is saved
	if err := c.loadState(); err != nil {
		return err
	}
	fmt.Fprintln(c.trial.stderr, "Nothing is sent: these clients are configured:")
	for _, client := range c.outputs.clients() {
		fmt.Fprintf(c.trial.stderr, "  %s: %s\n", client.Name(), client.cfg.URL)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var reading sync.WaitGroup
	reading.Go(func() { c.loop.Run(ctx) })
	reading.Go(func() { c.manager.run(ctx) })
	if c.manager.input != nil {
		reading.Go(func() { c.endWithInput(ctx, stop) })
	}
	reading.Wait()
	return c.loop.Close()
}

// colours paint texts for a terminal, and leave them as they are for anything else.
type colours bool

// coloursFor are those for w: NO_COLOR in the environment means none.
func coloursFor(w io.Writer) colours {
	f, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" {
		return false
	}
	info, err := f.Stat()
	return colours(err == nil && info.Mode()&os.ModeCharDevice != 0)
}

func (c colours) paint(code, text string) string {
	if !c || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (c colours) bold(s string) string   { return c.paint("1", s) }
func (c colours) faint(s string) string  { return c.paint("2", s) }
func (c colours) red(s string) string    { return c.paint("31", s) }
func (c colours) green(s string) string  { return c.paint("32", s) }
func (c colours) yellow(s string) string { return c.paint("33", s) }
func (c colours) blue(s string) string   { return c.paint("34", s) }
