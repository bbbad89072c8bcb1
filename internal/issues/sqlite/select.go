package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// dayHours is how many hours a day has.
const dayHours = 24

// tagged says that a key had a tag on a day since 1970.
type tagged struct {
	day int64
	tag uint64
	key issues.Key
}

// tagHash is what a value of a tag is found by.
func tagHash(name, value string) uint64 {
	return xxhash.Sum64String(name + "\xff" + value)
}

// Tagged is issues.Reader's.
func (s *Store) Tagged(ctx context.Context, span issues.Span, name, value string) ([]issues.Key, error) {
	days, err := s.taggedDays(ctx, span)
	if err != nil {
		return nil, s.wrap("read the days of tags of", err)
	}
	keys, err := s.keys(ctx, "SELECT DISTINCT key FROM tags WHERE day IN "+list(days)+" AND tag = ?", tagHash(name, value))
	return keys, s.wrap(fmt.Sprintf("look for keys with the tag %s in", name), err)
}

// taggedDays returns the days of a span, which may reach over centuries, between
// the first and the last that have tags.
func (s *Store) taggedDays(ctx context.Context, span issues.Span) (map[int64]bool, error) {
	var known struct{ first, last int64 }
	err := s.read.QueryRowContext(ctx, "SELECT coalesce((SELECT min(day) FROM tags), 0), coalesce((SELECT max(day) FROM tags), -1)").Scan(&known.first, &known.last)
	if err != nil {
		return nil, err
	}
	first, end := hours(span)
	oldest, _ := s.keep.Expired()
	first = max(first, hourOf(oldest.UnixNano()), known.first*dayHours)
	end = min(end, (known.last+1)*dayHours)
	days := map[int64]bool{}
	for day := first / dayHours; day*dayHours < end; day++ {
		days[day] = true
	}
	return days, nil
}

// Calling is issues.Reader's.
func (s *Store) Calling(ctx context.Context, function string) ([]issues.Key, error) {
	keys, err := s.keys(ctx, "SELECT key FROM functions WHERE function = ?", xxhash.Sum64String(function))
	return keys, s.wrap("look for keys with a function in", err)
}

// keys reads keys by a hash.
func (s *Store) keys(ctx context.Context, query string, hash uint64) ([]issues.Key, error) {
	var keys []issues.Key
	err := each(ctx, s.read, query, func(scan scanner) error {
		var key int64
		err := scan(&key)
		keys = append(keys, issues.Key(key))
		return err
	}, int64(hash))
	return keys, err
}

// insertTags notes the tags of the batch's events.
func (b *batch) insertTags(ctx context.Context, tx *sql.Tx) error {
	found := map[tagged]bool{}
	for i := range b.events {
		e := &b.events[i]
		day := hourOf(e.Time) / dayHours
		issues.EachTag(e.Tags, func(name, value string) {
			if t := (tagged{day, tagHash(name, value), e.Key}); !b.known.has(t) {
				found[t] = true
			}
		})
	}
	b.tags = slices.SortedFunc(maps.Keys(found), func(a, b tagged) int { // neighbours share a page
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.tag, b.tag), cmp.Compare(a.key, b.key))
	})
	many, one := tx.StmtContext(ctx, b.stmt.tags), tx.StmtContext(ctx, b.stmt.tag)
	for rows := b.tags; len(rows) > 0; {
		n, stmt := chunk, many
		if len(rows) < chunk {
			n, stmt = 1, one
		}
		b.args = b.args[:0]
		for _, t := range rows[:n] {
			b.args = append(b.args, t.day, int64(t.tag), int64(t.key))
		}
		if _, err := stmt.ExecContext(ctx, b.args...); err != nil {
			return fmt.Errorf("insert tags: %w", err)
		}
		rows = rows[n:]
	}
	return nil
}

// insertFunctions notes the functions of an event.
func (b *batch) insertFunctions(ctx context.Context, tx *sql.Tx, e *issues.Event) error {
	for _, name := range b.functions.Functions(e) {
		if _, err := tx.StmtContext(ctx, b.stmt.function).ExecContext(ctx, int64(xxhash.Sum64String(name)), int64(e.Key)); err != nil {
			return fmt.Errorf("insert a function: %w", err)
		}
	}
	return nil
}

// knownTags remembers which tags are in the table, those of the last batches: of a
// busy key there is nothing new all day. Each has one place, by its hash.
type knownTags [1 << 16]uint64

func (k *knownTags) has(t tagged) bool { return k[t.hash()%uint64(len(k))] == t.hash() }

func (k *knownTags) add(t tagged) { k[t.hash()%uint64(len(k))] = t.hash() }

// hash is never 0, which is an empty place.
func (t tagged) hash() uint64 {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[:], uint64(t.day))
	binary.LittleEndian.PutUint64(b[8:], t.tag)
	binary.LittleEndian.PutUint64(b[16:], uint64(t.key))
	return max(xxhash.Sum64(b[:]), 1)
}
