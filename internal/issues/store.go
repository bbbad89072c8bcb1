// Package issues turns errors of logs into issues with a life.
//
// This file is the seam to the event store: what happened, by grouping key. The
// store knows no issues. Which keys are one issue, and what people said about
// it, is elsewhere, so that merging and unmerging move no event.
//
// Events and counts can be rebuilt from Loki.
package issues

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline/grouping"
)

// Key is the grouping key under which an event is stored.
type Key = grouping.Hash

// The bounds of an event. Insert cuts what is longer, texts at a character.
const (
	MaxText  = 8 << 10 // bytes of Text
	MaxField = 1 << 10 // bytes of Message, Type, Culprit and Stream
	MaxTag   = 200     // bytes of a tag's name or value, of Env, Service, Level and Correlation
	MaxTags  = 16      // tags of an event; the first by name stay
)

// Event is one entry of a log that is an error.
type Event struct {
	// ID is NewID of the entry. It is unique together with Time.
	ID ID
	// Time is unix nanoseconds.
	Time int64
	// Key is the grouping key.
	Key Key
	// Exception is equal for the two events of one failure that is logged twice,
	// 0 without one.
	Exception grouping.Hash

	// Stream is the label set of the Loki stream, in one form for one set.
	Stream              string
	Env, Service, Level string

	// Type and Message are the exception's, or the server's kind of error and its
	// message. Events without a type have a message alone.
	Type, Message string
	// Culprit is the place in the code.
	Culprit string
	// Text is the entry; empty if Message says it all.
	Text string
	// Correlation is what the entries of one request have in common.
	Correlation string
	// Tags are further values to count by (host, endpoint, user, release).
	Tags map[string]string
}

// Store keeps events and their hourly counts. Hours are whole hours since 1970,
// UTC. One process writes; any number of goroutines may use it.
//
// Keys, environments, services and levels can be counted on for as long as
// counts are kept; whatever else an event has, for as long as events are.
type Store interface {
	Writer
	Reader

	// DeleteExpired deletes what is older than the store was told to keep, and
	// does what else keeps it fast. Once an hour is right.
	DeleteExpired(ctx context.Context) error
	// Size returns how much is stored.
	Size(ctx context.Context) (Size, error)
	Close() error
}

// Writer is how the indexer fills a store.
type Writer interface {
	// Insert stores events and counts them, and returns how many were new. An
	// event that is there already, by Time and ID, is not stored and not counted
	// again, even if its key is another one now: DeleteHour first. Events older
	// than the store keeps are left out. What an error leaves half done, the same
	// Insert again completes. A few thousand at a time are best.
	Insert(ctx context.Context, events []Event) (int, error)
	// DeleteHour deletes the events and counts of one stream in one hour, so that
	// it can be indexed anew.
	DeleteHour(ctx context.Context, hour time.Time, stream string) error
	// ReplaceHour replaces the counts of one stream in one hour. It changes no
	// event. It is for hours whose events are gone: an Insert into the hour may
	// count it anew.
	ReplaceHour(ctx context.Context, hour time.Time, stream string, counts []Count) error
}

// Reader is how lists and pages read a store.
type Reader interface {
	// Totals returns the counts of each key that has any in the range, in no
	// order. It serves lists, with Rank.
	Totals(ctx context.Context, span Span, filter Filter) ([]Total, error)
	// Series counts the events of each key over time. Keys without events are
	// absent from the answer.
	Series(ctx context.Context, q SeriesQuery) (map[Key][]int64, error)
	// Events returns a page of events.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
	// Tags returns the most frequent values of each tag of the newest events of
	// the keys, tags by name, values by count.
	Tags(ctx context.Context, q TagQuery) ([]Tag, error)
	// Users returns whom the newest UserSample events of each key are about: the
	// values of the tag user. Keys without any are absent from the answer.
	Users(ctx context.Context, keys []Key, span Span, filter Filter) (map[Key]Users, error)
	// Search returns the keys of which an event has all words of the text: a word
	// is letters and digits, its case does not matter, and the last characters of
	// each may be missing. Of each key MaxTexts different texts are searched.
	Search(ctx context.Context, text string, limit int) ([]Key, error)
	// Tagged returns the keys that have an event with a value of a tag, as Tags
	// returns it, on one of the days of the span, which are whole days of UTC.
	// Environment, service and level are filters and no tags here.
	Tagged(ctx context.Context, span Span, name, value string) ([]Key, error)
	// Calling returns the keys with a function in their tracebacks, of which
	// MaxTexts different texts of each key are looked at.
	Calling(ctx context.Context, function string) ([]Key, error)
	// StreamHours returns how many events each stream has in each hour of the
	// range, for comparing with Loki.
	StreamHours(ctx context.Context, span Span) ([]StreamHour, error)
	// Counts returns the counts of one stream in one hour, as ReplaceHour takes
	// them.
	Counts(ctx context.Context, hour time.Time, stream string) ([]Count, error)
}

// Span is the time from From, up to To without it. Where counts are read, every
// hour that it touches counts as a whole.
type Span struct{ From, To time.Time }

// Filter selects events. The zero value selects all.
type Filter struct {
	// Env, Service and Level are alternatives; an empty list does not filter.
	Env, Service, Level []string
	// NotEnv, NotService and NotLevel are values that no event has.
	NotEnv, NotService, NotLevel []string
}

// IsZero reports whether the filter selects all events.
func (f *Filter) IsZero() bool {
	return len(f.Env)+len(f.Service)+len(f.Level)+len(f.NotEnv)+len(f.NotService)+len(f.NotLevel) == 0
}

// Fits reports whether the filter selects events of these.
func (f *Filter) Fits(env, service, level string) bool {
	fits := func(wanted, not []string, value string) bool {
		return (len(wanted) == 0 || slices.Contains(wanted, value)) && !slices.Contains(not, value)
	}
	return fits(f.Env, f.NotEnv, env) && fits(f.Service, f.NotService, service) && fits(f.Level, f.NotLevel, level)
}

// Total is what a key has in a range.
type Total struct {
	Key    Key
	Events int64
	// First and Last are the times of the first and the last event in the hours of
	// the range, to the millisecond.
	First, Last time.Time
}

// Count is a cell of the hourly counts: one key of one stream in one hour.
type Count struct {
	Key                 Key
	Env, Service, Level string
	Events              int64
	// First and Last are as in Total.
	First, Last time.Time
}

// SeriesQuery asks for counts over time.
type SeriesQuery struct {
	Keys []Key
	// Span is cut into steps from From on; the last one may be shorter.
	Span Span
	// Step is whole hours, with From on a full hour: read from counts; or any
	// other: read from the events, which are slower and do not last as long.
	Step   time.Duration
	Filter Filter
}

// EventQuery asks for a page of events.
type EventQuery struct {
	// Keys are the keys; none means all.
	Keys []Key
	Span Span
	// Filter selects among them.
	Filter Filter
	// After is the last event of the page before; nil for the first page.
	After *Position
	// Ascending gives the oldest first, else the newest.
	Ascending bool
	// Limit is how many at most, 100 if it is 0.
	Limit int
}

// Position is the place of an event in time.
type Position struct {
	Time int64
	ID   ID
}

// TagQuery asks for the values of tags. Env, service and level are tags as well.
type TagQuery struct {
	Keys   []Key
	Span   Span
	Filter Filter
	// Values is how many values of each tag at most, 10 if it is 0.
	Values int
}

// TagSample is how many of the newest events Tags reads.
const TagSample = 5_000

// UserSample is how many of a key's newest events Users reads.
const UserSample = 200

// userTag is the tag that names whom an event is about.
const userTag = "user"

// Users are the different users of a key, in no order.
type Users struct {
	Names map[string]bool
	// Sampled means that the key has more events than were read.
	Sampled bool

	read int
}

// Add counts an event with its tags.
func (u *Users) Add(tags map[string]string) {
	u.read++
	u.Sampled = u.read > UserSample
	name := tags[userTag]
	if name == "" || u.Sampled {
		return
	}
	if u.Names == nil {
		u.Names = map[string]bool{}
	}
	u.Names[name] = true
}

// MaxTexts is how many different texts of a key can be searched.
const MaxTexts = 8

// Tag is one tag with its most frequent values.
type Tag struct {
	Name   string
	Values []TagValue
	// Events is how many events were read; Distinct is how many values they have.
	Events, Distinct int
}

// TagValue is one value of a tag.
type TagValue struct {
	Value  string
	Events int
}

// StreamHour is how many events a stream has in an hour.
type StreamHour struct {
	Stream string
	Hour   time.Time
	Events int64
}

// Size is how much is stored.
type Size struct {
	Events, Counts, Keys, Bytes int64
}

// Steps returns how many steps the span has. The error says why it cannot be cut
// so.
func (q SeriesQuery) Steps() (int, error) {
	if q.Step <= 0 || !q.Span.From.Before(q.Span.To) {
		return 0, fmt.Errorf("count events from %s to %s in steps of %s: a step and a start before the end are needed", q.Span.From, q.Span.To, q.Step)
	}
	steps := (q.Span.To.Sub(q.Span.From) + q.Step - 1) / q.Step
	if steps > maxSteps {
		return 0, fmt.Errorf("count events from %s to %s in steps of %s: %d steps, at most %d", q.Span.From, q.Span.To, q.Step, steps, maxSteps)
	}
	return int(steps), nil
}

// maxSteps bounds the answer of Series, for each key.
const maxSteps = 10_000

// FromCounts reports whether hourly counts answer the query.
func (q SeriesQuery) FromCounts() bool {
	return q.Step%time.Hour == 0 && q.Span.From.Equal(q.Span.From.Truncate(time.Hour))
}
