package file

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// packedModel writes compressed files as programs and rotations do, kills the
// collector at any time, and knows which lines there have to be.
type packedModel struct {
	*packs
	seed    uint64
	r       *rand.Rand
	format  string
	next    int
	names   []string
	want    map[string]bool           // lines that were written
	settled map[string]bool           // lines that may not come again
	count   map[string]int            // since the last kill
	behind  map[*pipeline.Ledger]bool // that hold something that is not settled
	waited  int                       // seconds since half was begun
	half    []string                  // the rest of a member that is being written to the first name
}

func (m *packedModel) member() string {
	var text strings.Builder
	for range 1 + m.r.IntN(200) {
		line := fmt.Sprintf("%d %s", m.next, strings.Repeat("x", m.r.IntN(40)))
		m.next++
		m.want[line] = true
		text.WriteString(line + "\n")
	}
	return pack(m.t, m.format, text.String())
}

// step does something that happens to such files.
func (m *packedModel) step() {
	first := m.names[0]
	switch m.r.IntN(6) {
	case 0: // a rotation
		m.finish()
		last := len(m.names) - 1
		for i := last; i > 0; i-- {
			os.Rename(m.path(m.names[i-1]), m.path(m.names[i]))
		}
		m.write(first, m.member())
	case 1: // another member, at once
		m.finish()
		m.append(first, m.member())
	case 2: // or in pieces
		if m.half == nil {
			text := m.member()
			cut := 1 + m.r.IntN(len(text)-1)
			m.half, m.waited = []string{text[:cut], text[cut:]}, 0
		}
		m.append(first, m.half[0])
		if m.half = m.half[1:]; len(m.half) == 0 {
			m.half = nil
		}
	case 3, 4:
		seconds := m.r.IntN(3)
		if m.half != nil && m.waited+seconds >= 4 { // a line that goes on later may come in two pieces
			m.finish()
		}
		m.waited += seconds
		m.read(seconds)
		m.take()
	case 5:
		m.kill()
	}
}

// finish writes the rest of a member that was begun.
func (m *packedModel) finish() {
	if m.half != nil {
		m.append(m.names[0], strings.Join(m.half, ""))
		m.half = nil
	}
}

// take checks the lines that came, and settles some of them.
func (m *packedModel) take() {
	m.t.Helper()
	for _, l := range m.lines {
		text := string(l.Text)
		if !m.want[text] {
			m.t.Fatalf("the line %q was not written", text)
		}
		if m.count[text]++; m.count[text] > 1 || m.settled[text] {
			m.t.Fatalf("seed %d: the line %q came again", m.seed, text)
		}
	}
	for _, l := range m.lines {
		if m.r.IntN(3) > 0 && !m.behind[l.Ledger] {
			settle([]pipeline.Line{l})
			m.settled[string(l.Text)] = true
		} else { // what is behind it in the same file is read again
			m.behind[l.Ledger] = true
		}
	}
	m.lines = nil
}

// kill begins anew, now and then in another order of names.
func (m *packedModel) kill() {
	m.t.Helper()
	m.lines = nil
	for name, s := range m.sources {
		for _, p := range s.Places() {
			if i := slices.Index(m.names, name); i < 0 || p.Packed != m.format {
				m.t.Fatalf("place %+v of %s", p, name)
			}
		}
	}
	var there []string
	for _, name := range m.names {
		if _, err := os.Stat(m.path(name)); err == nil {
			there = append(there, name)
		}
	}
	m.r.Shuffle(len(there), func(i, k int) { there[i], there[k] = there[k], there[i] })
	m.packs.kill(there...)
	clear(m.count)
	clear(m.behind)
}

// Whatever happens to compressed files, every line of them comes, and no line
// that was settled comes again.
func TestEveryLineOfCompressedFilesArrives(t *testing.T) {
	for seed := range uint64(20) {
		format := []string{"gz", "zst"}[seed%2]
		m := &packedModel{
			packs: newPacks(t, format), seed: seed, r: rand.New(rand.NewPCG(seed, 7)), format: format,
			names: []string{"a.1", "a.2", "a.3", "a.4", "a.5", "a.6", "a.7", "a.8", "a.9"},
			want:  map[string]bool{}, settled: map[string]bool{}, count: map[string]int{}, behind: map[*pipeline.Ledger]bool{},
		}
		m.write("a.1", m.member())
		m.open("a.1")
		rotations := 0
		for range 60 {
			before := m.next
			m.step()
			if m.next != before {
				rotations++
			}
			if rotations > len(m.names)-2 { // so that none is removed unread
				break
			}
			for _, name := range m.names {
				if _, err := os.Stat(m.path(name)); err == nil && m.sources[name] == nil {
					m.open(name)
				}
			}
		}
		m.finish()
		m.kill() // what was not settled comes again
		m.read(20)
		for _, l := range m.lines {
			text := string(l.Text)
			if m.settled[text] || !m.want[text] {
				t.Fatalf("seed %d: the line %q came again, or is none", seed, text)
			}
			m.settled[text] = true
		}
		for line := range m.want {
			if !m.settled[line] {
				t.Errorf("seed %d: the line %q did not come", seed, line)
				break
			}
		}
		if len(m.lost) > 0 {
			t.Errorf("seed %d: lost %q", seed, m.lost)
		}
		m.close()
		if t.Failed() {
			return
		}
	}
}

// brokenDisk fails to open files, or to read them, as often as it is told.
type brokenDisk struct {
	realDisk
	opens, reads int
}

func (d *brokenDisk) Open(path string) (handle, error) {
	if d.opens > 0 {
		d.opens--
		return nil, &os.PathError{Op: "open", Path: path, Err: syscall.EMFILE}
	}
	h, err := d.realDisk.Open(path)
	return &brokenFile{h, d}, err
}

type brokenFile struct {
	handle
	d *brokenDisk
}

func (f *brokenFile) ReadAt(p []byte, offset int64) (int, error) {
	if f.d.reads > 0 && offset > 0 {
		if f.d.reads--; f.d.reads == 0 {
			return 0, syscall.EIO
		}
	}
	return f.handle.ReadAt(p, offset)
}

// An error of the disk is no damage of the file: it is told, and reading is tried
// again.
func TestErrorsOfTheDiskAreNoDamage(t *testing.T) {
	p := newPacks(t, "gz")
	d := &brokenDisk{}
	p.opts.disk = d
	var text strings.Builder
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 100_000 {
		fmt.Fprintf(&text, "%d %x\n", i, r.Uint64())
	}
	p.write("a", pack(t, "gz", text.String()))
	p.open("a")
	var lines []string
	failures := 0
	for range 2000 {
		if r.IntN(4) == 0 {
			d.reads = 1 + r.IntN(3)
		}
		p.block.Reset()
		err := p.sources["a"].Read(&p.block, p.now)
		if err != nil {
			if !errors.Is(err, syscall.EIO) || errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			failures++
			p.now = p.now.Add(retryTime)
		}
		for _, l := range p.block.Lines {
			lines = append(lines, string(l.Text))
		}
	}
	if got := strings.Join(lines, "\n") + "\n"; got != text.String() || failures < 3 {
		t.Errorf("%d lines, %d failures", len(lines), failures)
	}
	p.wantSaid("", "")

	d.reads, d.opens = 0, 3
	p.write("a", pack(t, "gz", "new\n"))
	p.now = p.now.Add(time.Second)
	for range 3 {
		p.block.Reset()
		if err := p.sources["a"].Read(&p.block, p.now); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("got %v, want that handles have run out", err)
		}
		p.now = p.now.Add(retryTime)
	}
	p.want(3, "new")
}
