package loki

import "sync"

const (
	// paceLinesFirst is how many lines the first call of a new query asks for:
	// few, because Loki takes 17 s to say that an answer is too large.
	paceLinesFirst = 256
	// paceLinesMin is the smallest number that is asked for before the range is
	// cut instead.
	paceLinesMin = 16
	// paceBytes is the size of an answer to aim at: half of Loki's default
	// message limit of 4 MiB. Failures lower the aim, to paceBytesMin at most.
	paceBytes    = 2 << 20
	paceBytesMin = 64 << 10
	// paceQueries bounds how many queries are remembered.
	paceQueries = 512
)

// pace is how much of a query was seen to pass.
type pace struct {
	// lines is how many lines to ask for at once.
	lines int
	// bytes is the size of an answer to aim at.
	bytes int
	// failed is how many lines did not arrive last, 0 when they did.
	failed int
	// width is how much time to ask for at once, in nanoseconds; 0 is all.
	width int64
	// instant is how many lines of one instant to ask for; 0 is all.
	instant int
}

// pacer remembers the pace of each query. It is safe for concurrent use.
type pacer struct {
	mu    sync.Mutex
	known map[uint64]pace
}

func newPacer() *pacer { return &pacer{known: map[uint64]pace{}} }

// of returns the pace of the query, by its hash.
func (p *pacer) of(query uint64) pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	if known, ok := p.known[query]; ok {
		return known
	}
	return pace{lines: paceLinesFirst, bytes: paceBytes}
}

// keep remembers the pace of the query. When too many are known it forgets
// them all: each is learnt again within a call or two.
func (p *pacer) keep(query uint64, now pace) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.known) >= paceQueries {
		clear(p.known)
	}
	p.known[query] = now
}

// passed returns the pace after an answer of n lines and size bytes for a range
// of span nanoseconds arrived: at most doubled, and aimed at p.bytes.
func (p pace) passed(n, size int, span int64) pace {
	if n > 0 {
		each := max(size/n, 1)
		if p.failed > 0 {
			p.bytes = min(p.bytes, max(p.failed*each/2, paceBytesMin))
			p.failed = 0
		}
		p.lines = max(min(p.lines*2, p.bytes/each), 1)
	}
	if p.width > 0 && span >= p.width {
		p.width *= 2
	}
	return p
}

// less returns a smaller pace after an answer of n lines for a range of span
// nanoseconds did not arrive, and false when nothing smaller is left to ask
// for. Each failure takes long, so it cuts to a quarter. Silence is more often a
// wide range than large lines, so it cuts both.
func (p pace) less(code Code, n int, span int64) (pace, bool) {
	if n <= 1 && span <= 1 {
		return p, false
	}
	if code == CodeTimeout || n <= paceLinesMin {
		p.width = max(span/4, 1)
	}
	p.failed, p.lines = n, max(n/4, 1)
	return p, true
}
