package loki

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// nearby is how far from a request's lines those of other services are looked for.
	nearby = 2 * time.Second
	// nearbyRead bounds the lines of one stretch of time among which the nearest are chosen.
	nearbyRead = 1000
	// stretchesMax bounds the stretches of time that are read for one request.
	stretchesMax = 20
)

// requestIDs are the names under which lines carry the id of a request as
// structured metadata.
var requestIDs = []string{"correlation_id", "request_id"}

// Story is what is known of one request.
type Story struct {
	// Lines carry the id, the oldest first.
	Lines []Entry
	// Cut is true when more lines carry it: these are the newest.
	Cut bool
	// Partial is true when Loki stopped answering before the range was read.
	Partial  bool
	Warnings []string
}

// StoryOf reads the lines of [start, end) that carry a request's id, of every
// service: as structured metadata, or in their text as a word of its own. It
// gives at most limit lines.
func (c *Client) StoryOf(ctx context.Context, id string, start, end time.Time, limit int) (Story, error) {
	queries := carrying(c.Selector(), id)
	pages := make([]Page, len(queries))
	group, ctx := errgroup.WithContext(ctx)
	for i, query := range queries {
		group.Go(func() error {
			var err error
			pages[i], err = c.Page(ctx, PageRequest{Query: query, Start: start, End: end, Limit: limit, Direction: Backward})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Story{}, err
	}
	return joinPages(pages, limit), nil
}

// carrying returns the queries whose lines together are those that carry the id.
func carrying(among Selector, id string) []string {
	const edge = `[^0-9A-Za-z_-]`
	streams, metadata := "{"+string(among)+"}", ""
	for i, name := range requestIDs {
		if i > 0 {
			metadata += " or "
		}
		metadata += name + "=" + quote(id)
	}
	return []string{
		// The plain filter first: it is many times faster than the pattern.
		streams + " |= " + quote(id) + " |~ " + quote(`(?:^|`+edge+`)`+regexp.QuoteMeta(id)+`(?:`+edge+`|$)`),
		streams + " | " + metadata,
	}
}

// joinPages merges pages that are sorted the newest first. Before the oldest line
// of a page that has a next one others are missing: what is older is left out.
func joinPages(pages []Page, limit int) Story {
	var story Story
	var from int64
	for _, page := range pages {
		story.Partial = story.Partial || page.Partial
		story.Warnings = append(story.Warnings, page.Warnings...)
		story.Lines = append(story.Lines, page.Entries...)
		if page.Next != "" && !page.Partial && len(page.Entries) > 0 {
			story.Cut = true
			from = max(from, page.Entries[len(page.Entries)-1].TS)
		}
	}
	slices.Sort(story.Warnings)
	story.Warnings = slices.Compact(story.Warnings)
	story.Lines = slices.DeleteFunc(story.Lines, func(e Entry) bool { return e.TS < from })
	sortEntries(story.Lines, Forward)
	story.Lines = withoutTwins(story.Lines)
	if more := len(story.Lines) - limit; more > 0 {
		story.Cut, story.Lines = true, story.Lines[more:]
	}
	return story
}

// withoutTwins leaves out lines that both queries gave; lines are sorted.
func withoutTwins(lines []Entry) []Entry {
	kept := lines[:0]
	for _, line := range lines {
		if !repeated(kept, line) {
			kept = append(kept, line)
		}
	}
	return kept
}

// FoundIn says where a line carries the id: the name of the metadata, or "text".
func FoundIn(e Entry, id string) string {
	for _, name := range requestIDs {
		if e.named(name) == id {
			return name
		}
	}
	return "text"
}

// Nearby reads lines of other services and the same environments within two
// seconds of a request's lines, which are sorted the oldest first: the nearest, at
// most limit, the oldest first. It reports whether there are more. Nothing says
// that they belong to the request.
func (c *Client) Nearby(ctx context.Context, id string, lines []Entry, limit int) ([]Entry, bool, error) {
	query := elsewhere(lines, id).LogQL(c.Selector())
	stretches := stretchesOf(lines)
	cut := len(stretches) > stretchesMax
	var found []Entry
	for _, stretch := range stretches[:min(len(stretches), stretchesMax)] {
		page, err := c.Page(ctx, PageRequest{
			Query: query, Start: time.Unix(0, stretch[0]), End: time.Unix(0, stretch[1]), Limit: nearbyRead, Direction: Forward,
		})
		if err != nil {
			return nil, false, err
		}
		found = append(found, page.Entries...)
		cut = cut || page.Next != ""
	}
	if len(found) > limit {
		cut = true
		slices.SortStableFunc(found, func(a, b Entry) int { return cmp.Compare(distance(a, lines), distance(b, lines)) })
		found = found[:limit]
	}
	sortEntries(found, Forward)
	return found, cut, nil
}

// named returns a value of the line by its name, whether a label or metadata.
func (e Entry) named(name string) string { return cmp.Or(e.Labels[name], e.Metadata[name]) }

// elsewhere selects lines of services that no line of the request is of, in their
// environments or without one.
func elsewhere(lines []Entry, id string) Selection {
	services, envs := Match{Label: "service"}, Match{Label: "env"}
	for _, line := range lines {
		if service := line.named("service"); service != "" && !slices.Contains(services.None, service) {
			services.None = append(services.None, service)
		}
		if env := line.named("env"); !slices.Contains(envs.Any, env) {
			envs.Any = append(envs.Any, env)
		}
	}
	if slices.Contains(envs.Any, "") {
		envs.Any = nil // a line that does not say its environment may be of any
	} else {
		envs.Any = append(envs.Any, "")
	}
	return Selection{Matches: []Match{services, envs}, Lacks: []string{id}}
}

// stretchesOf returns the times within two seconds of a line, [from, to) in unix
// nanoseconds, joined where they overlap.
func stretchesOf(lines []Entry) [][2]int64 {
	var stretches [][2]int64
	for _, line := range lines {
		from, to := line.TS-int64(nearby), line.TS+int64(nearby)+1
		if last := len(stretches) - 1; last >= 0 && from <= stretches[last][1] {
			stretches[last][1] = to
			continue
		}
		stretches = append(stretches, [2]int64{from, to})
	}
	return stretches
}

// distance is how far a line is from the nearest of the others, which are sorted,
// in nanoseconds.
func distance(e Entry, lines []Entry) int64 {
	at, _ := slices.BinarySearchFunc(lines, e.TS, func(line Entry, ts int64) int { return cmp.Compare(line.TS, ts) })
	least := int64(1<<63 - 1)
	if at < len(lines) {
		least = lines[at].TS - e.TS
	}
	if at > 0 {
		least = min(least, e.TS-lines[at-1].TS)
	}
	return least
}
