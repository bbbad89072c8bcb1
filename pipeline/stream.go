package pipeline

import (
	"fmt"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"sync"
	"weak"
)

// Label is one name and value of a stream's label set.
type Label struct{ Name, Value string }

// Stream is an interned label set: two streams with equal labels and tenant
// are one pointer. It is never changed.
type Stream struct {
	Labels []Label // sorted by name, without empty values
	Text   string  // as Loki's push API wants it: {a="b", c="d"}
	Tenant string  // X-Scope-OrgID, empty for the client's own
}

// Streams interns label sets. It holds them weakly: a stream that nobody else
// holds is freed, and forgotten. It is safe for concurrent use.
type Streams struct {
	mu    sync.Mutex
	byKey map[string]weak.Pointer[Stream]
}

// NewStreams returns an empty set of streams.
func NewStreams() *Streams { return &Streams{byKey: map[string]weak.Pointer[Stream]{}} }

// Get returns the stream for labels, which it sorts; labels with empty values
// are left out, as Loki does.
func (s *Streams) Get(tenant string, labels []Label) *Stream {
	kept := make([]Label, 0, len(labels))
	for _, l := range labels {
		if l.Value != "" {
			kept = append(kept, l)
		}
	}
	text := LabelText(kept)
	key := tenant + "\x00" + text

	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.byKey[key].Value(); st != nil {
		return st
	}
	st := &Stream{Labels: kept, Text: text, Tenant: tenant}
	s.byKey[key] = weak.Make(st)
	runtime.AddCleanup(st, s.forget, key)
	return st
}

// forget removes a stream that was freed, unless there is a new one of its
// labels.
func (s *Streams) forget(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[key].Value() == nil {
		delete(s.byKey, key)
	}
}

// Len is the number of streams that are in use, or were until a short time ago.
func (s *Streams) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byKey)
}

// all returns the streams that are in use, or were until a short time ago.
func (s *Streams) all() []*Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Stream, 0, len(s.byKey))
	for _, w := range s.byKey {
		if st := w.Value(); st != nil {
			list = append(list, st)
		}
	}
	return list
}

// LabelText sorts labels by name and renders them in the syntax of LogQL
// selectors.
func LabelText(labels []Label) string {
	sort.Slice(labels, func(i, j int) bool { return labels[i].Name < labels[j].Name })
	var b strings.Builder
	b.WriteByte('{')
	for i, l := range labels {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(l.Name)
		b.WriteByte('=')
		b.WriteString(strconv.Quote(strings.ToValidUTF8(l.Value, "�")))
	}
	b.WriteByte('}')
	return b.String()
}

// ParseLabels reads what LabelText returned.
func ParseLabels(text string) ([]Label, error) {
	rest, ok := strings.CutPrefix(text, "{")
	if ok && rest == "}" {
		return nil, nil
	}
	var labels []Label
	for ok {
		var name, quoted, value string
		if name, rest, ok = strings.Cut(rest, "="); !ok {
			break
		}
		quoted, err := strconv.QuotedPrefix(rest)
		if err != nil || quoted[0] != '"' {
			break
		}
		if value, err = strconv.Unquote(quoted); err != nil {
			break
		}
		labels = append(labels, Label{name, value})
		rest = rest[len(quoted):]
		if rest == "}" {
			return labels, nil
		}
		rest, ok = strings.CutPrefix(rest, ", ")
	}
	return nil, fmt.Errorf("%q is no label set like {a=\"b\", c=\"d\"}", text)
}
