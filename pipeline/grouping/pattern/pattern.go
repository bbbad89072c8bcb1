// Package pattern learns the templates of log lines: messages that differ in
// values alone have one. It is a tree in the manner of Drain over the tokens of
// the masked message, with two differences: a word becomes a wildcard when
// enough different ones were seen in its place, not when the rest is similar
// enough, and how many are enough depends on how the words look.
//
// Lines of one template have as many tokens. What varies in the number of its
// words has a template for each number, lists of placeholders excepted.
//
// What it has learned depends on what it has seen and in which order. A
// template is for people to read and to count by, never a key that is stored.
package pattern

import (
	"container/list"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
)

// Wildcard stands in a template for what the tree found to vary, beside the
// placeholders of mask.
const Wildcard = "<*>"

// DefaultMaxClusters is enough for the templates of some dozens of services. A
// template takes about one KiB, 12 KiB at most.
const DefaultMaxClusters = 4096

const (
	maxTokens  = 64  // of a message; what follows does not count
	maxPerLeaf = 256 // templates that a message is compared with
)

// Tree holds templates in bounded memory: the one that was seen longest ago is
// forgotten first. It is not safe for concurrent use.
type Tree struct {
	maxClusters int
	leaves      map[leafKey]*leaf
	recent      *list.List // of *cluster, the last seen first
	masked      []byte     // reused
	tokens      []token    // reused
}

// leafKey is what messages have in common before they are compared at all.
type leafKey struct {
	tokens int
	first  string // the first token if it is a word
}

// leaf has the clusters that a message is compared with, the last seen last.
type leaf struct {
	clusters []*cluster
}

// cluster is the messages of one template.
type cluster struct {
	key    leafKey
	tokens []token
	count  uint64
	node   *list.Element
}

// Pattern is a template and how often it was seen.
type Pattern struct {
	Template string
	Count    uint64
}

// New returns an empty tree of at most maxClusters templates, at least one.
func New(maxClusters int) *Tree {
	return &Tree{maxClusters: max(maxClusters, 1), leaves: map[leafKey]*leaf{}, recent: list.New()}
}

// Learn adds a message, as the application wrote it, and returns its template
// as it is now; later messages can make it more general.
func (t *Tree) Learn(message []byte) string {
	key := t.read(message)
	l := t.leaf(key)
	c := l.find(t.tokens)
	if c == nil {
		c = t.add(key, l)
		for t.merge(l, c) {
		}
	} else {
		c.generalise(t.tokens)
		l.touch(c)
		t.recent.MoveToFront(c.node)
	}
	c.count++
	return c.template()
}

// leaf returns the leaf of a key, a new one if there is none.
func (t *Tree) leaf(key leafKey) *leaf {
	l := t.leaves[key]
	if l == nil {
		l = &leaf{}
		t.leaves[key] = l
	}
	return l
}

// Match returns the template of a message without learning from it, and false
// if none fits.
func (t *Tree) Match(message []byte) (template string, ok bool) {
	l := t.leaves[t.read(message)]
	if l == nil {
		return "", false
	}
	c := l.find(t.tokens)
	if c == nil {
		return "", false
	}
	return c.template(), true
}

// Len returns how many templates there are.
func (t *Tree) Len() int { return t.recent.Len() }

// Patterns returns all templates, the last seen first.
func (t *Tree) Patterns() []Pattern {
	all := make([]Pattern, 0, t.recent.Len())
	for e := t.recent.Front(); e != nil; e = e.Next() {
		c := e.Value.(*cluster)
		all = append(all, Pattern{Template: c.template(), Count: c.count})
	}
	return all
}

// read masks the message, splits it into t.tokens and returns its leaf's key.
func (t *Tree) read(message []byte) leafKey {
	t.masked = mask.Append(t.masked[:0], message)
	text := string(t.masked)
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, string(utf8.RuneError))
	}
	t.tokens = split(t.tokens[:0], text)
	key := leafKey{tokens: len(t.tokens)}
	if len(t.tokens) > 0 {
		key.first = t.tokens[0].group()
	}
	return key
}

// add makes a cluster of t.tokens and forgets what there is no room for.
func (t *Tree) add(key leafKey, l *leaf) *cluster {
	for len(l.clusters) >= maxPerLeaf {
		t.remove(l.clusters[0], l)
	}
	c := &cluster{key: key, tokens: append([]token(nil), t.tokens...)}
	c.node = t.recent.PushFront(c)
	l.clusters = append(l.clusters, c)
	if t.recent.Len() > t.maxClusters {
		oldest := t.recent.Back().Value.(*cluster)
		t.remove(oldest, t.leaves[oldest.key])
	}
	return c
}

func (t *Tree) remove(c *cluster, l *leaf) {
	t.recent.Remove(c.node)
	i := slices.Index(l.clusters, c)
	l.clusters = slices.Delete(l.clusters, i, i+1)
	if len(l.clusters) == 0 {
		delete(t.leaves, c.key)
	}
}

// touch makes c the cluster of the leaf that was seen last.
func (l *leaf) touch(c *cluster) {
	i := slices.Index(l.clusters, c)
	copy(l.clusters[i:], l.clusters[i+1:])
	l.clusters[len(l.clusters)-1] = c
}

// find returns the cluster whose template fits the tokens, of several the one
// that was seen last, or nil.
func (l *leaf) find(tokens []token) *cluster {
	for _, c := range slices.Backward(l.clusters) {
		if c.fits(tokens) {
			return c
		}
	}
	return nil
}

// fits reports whether the tokens are of the template.
func (c *cluster) fits(tokens []token) bool {
	for i := range c.tokens {
		if !c.tokens[i].same(tokens[i]) {
			return false
		}
	}
	return true
}

// generalise takes into the template how the message differs from it.
func (c *cluster) generalise(tokens []token) {
	for i := range c.tokens {
		c.tokens[i] = c.tokens[i].join(tokens[i])
	}
}

func (c *cluster) template() string {
	var b strings.Builder
	for i, t := range c.tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// merge makes one of c and the clusters that are the same but for a few places,
// if so many of them show that these places vary. It reports whether there were.
func (t *Tree) merge(l *leaf, c *cluster) bool {
	siblings := l.siblings(c)
	for _, s := range siblings {
		for i := range c.tokens {
			c.tokens[i] = c.tokens[i].join(s.tokens[i])
		}
		c.count += s.count
		t.remove(s, l)
	}
	return len(siblings) > 0
}

// siblings returns the clusters that c is to be merged with: they differ from
// it in the same places, and there are enough of them.
func (l *leaf) siblings(c *cluster) []*cluster {
	var groups []difference
	for _, other := range l.clusters {
		if other == c {
			continue
		}
		d, ok := compare(c.tokens, other.tokens)
		if !ok {
			continue
		}
		i := slices.IndexFunc(groups, func(g difference) bool { return g.places == d.places })
		if i < 0 {
			i = len(groups)
			groups = append(groups, d)
		}
		g := &groups[i]
		g.enough = max(g.enough, d.enough)
		g.clusters = append(g.clusters, other)
	}
	for _, g := range groups {
		if len(g.clusters)+1 >= g.enough {
			return g.clusters
		}
	}
	return nil
}

// difference is a set of places in which clusters differ from another one.
type difference struct {
	places   uint64 // bit i for token i
	count    int    // of places
	enough   int    // how many different messages show that the places vary
	clusters []*cluster
}

// compare returns where two lists of as many tokens differ, and false where
// they have fewer words in common than places that differ: then they are two
// messages whatever else is seen.
func compare(a, b []token) (difference, bool) {
	var d difference
	common, plain := 0, false
	for i := range a {
		if a[i].same(b[i]) {
			if a[i].letters > 0 {
				common++
			}
			continue
		}
		if a[i].key != b[i].key {
			return d, false // another key is another message
		}
		d.places |= 1 << i
		d.count++
		n := enough(a[i], b[i])
		if i == 0 { // a message begins with what it is about
			n = max(n, enoughWords)
		}
		plain = plain || n > enoughValues
		d.enough = max(d.enough, n)
	}
	if d.count > common {
		return d, false
	}
	if plain && common < 3*d.count {
		d.enough = max(d.enough, enoughShort)
	}
	d.enough *= d.count
	return d, true
}
