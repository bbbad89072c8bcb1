package pattern

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// version is of the saved form: a line with the version, then one for each
// template, the last seen last. All are JSON.
const version = 1

// ErrVersion is returned for a saved tree of a version that is not known.
var ErrVersion = errors.New("unknown version of a pattern tree")

type savedHeader struct {
	Version int `json:"version"`
}

type savedCluster struct {
	Count  uint64       `json:"count"`
	First  string       `json:"first,omitempty"` // the key of its leaf
	Tokens []savedToken `json:"tokens"`
}

type savedToken struct {
	Text     string  `json:"t"`
	Skeleton *string `json:"s,omitempty"` // if it is not what Text has
	Wild     bool    `json:"w,omitempty"`
}

// Save writes all templates to w.
func (t *Tree) Save(w io.Writer) error {
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(savedHeader{Version: version}); err != nil {
		return fmt.Errorf("save patterns: %w", err)
	}
	for e := t.recent.Back(); e != nil; e = e.Prev() {
		if err := enc.Encode(e.Value.(*cluster).saved()); err != nil {
			return fmt.Errorf("save patterns: %w", err)
		}
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("save patterns: %w", err)
	}
	return nil
}

func (c *cluster) saved() savedCluster {
	s := savedCluster{Count: c.count, First: c.key.first, Tokens: make([]savedToken, len(c.tokens))}
	for i, t := range c.tokens {
		s.Tokens[i] = savedToken{Text: t.text, Wild: t.wild}
		if skeleton, _ := strip(t.text); !t.wild && t.skeleton != skeleton {
			s.Tokens[i].Skeleton = &t.skeleton
		}
	}
	return s
}

// Load reads what Save wrote into a tree of at most maxClusters templates; of
// more it keeps those that were seen last. A form of another version is an
// ErrVersion.
func Load(r io.Reader, maxClusters int) (*Tree, error) {
	dec := json.NewDecoder(r)
	var header savedHeader
	if err := dec.Decode(&header); err != nil {
		return nil, fmt.Errorf("load patterns: read the version: %w", err)
	}
	if header.Version != version {
		return nil, fmt.Errorf("load patterns: version %d: %w", header.Version, ErrVersion)
	}
	t := New(maxClusters)
	for n := 1; ; n++ {
		var s savedCluster
		err := dec.Decode(&s)
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("load patterns: template %d: %w", n, err)
		}
		if len(s.Tokens) > maxTokens {
			return nil, fmt.Errorf("load patterns: template %d: %d tokens", n, len(s.Tokens))
		}
		t.restore(s)
	}
}

func (t *Tree) restore(s savedCluster) {
	t.tokens = t.tokens[:0]
	for _, saved := range s.Tokens {
		tok := token{text: saved.Text, wild: true}
		if !saved.Wild {
			tok = newToken(saved.Text)
		}
		if saved.Skeleton != nil && !saved.Wild {
			tok.skeleton, tok.letters = *saved.Skeleton, letters(*saved.Skeleton)
		}
		t.tokens = append(t.tokens, tok)
	}
	key := leafKey{tokens: len(t.tokens), first: s.First}
	t.add(key, t.leaf(key)).count = s.Count
}
