package index

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues/life"
	"github.com/tovtech/tovplay-logging/internal/loki"
)

const (
	// contextLines is how many lines before and after an event are kept,
	// contextBytes how long they are at most.
	contextLines = 10
	contextBytes = 2 << 10
	// contextDelay is how long the lines behind an event are waited for.
	contextDelay = 30 * time.Second
	// contextSpan is how far around an event lines are looked for.
	contextSpan = 10 * time.Minute
	// contextsAtOnce is how many events are looked at in one go.
	contextsAtOnce = 20
	// imagesSpan is the time of which images are looked at.
	imagesSpan = 2 * time.Minute
)

// contexts stores the lines around events that are kept.
func (x *Indexer) contexts(ctx context.Context) error {
	list, err := x.Tracker.WithoutContext(ctx, contextsAtOnce)
	if err != nil {
		return err
	}
	for _, e := range list {
		if x.Now().Sub(e.Time) < contextDelay {
			continue
		}
		if err := x.around(ctx, &e); err != nil && !isRefused(err) {
			return err
		}
		if err := x.Tracker.SetContext(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// isRefused reports whether Loki will refuse the same query always.
func isRefused(err error) bool {
	code := loki.CodeOf(err)
	return code == loki.CodeSyntax || code == loki.CodeLimit
}

// around finds the lines of whatever level around an event.
func (x *Indexer) around(ctx context.Context, e *life.Evidence) error {
	selection := loki.Selection{}
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		if name != "level" {
			selection.Matches = append(selection.Matches, loki.Match{Label: name, Any: []string{e.Labels[name]}})
		}
	}
	before, err := x.Loki.Page(ctx, loki.PageRequest{
		Query: selection.LogQL(x.Selector), Start: e.Time.Add(-contextSpan), End: e.Time, Limit: contextLines, Direction: loki.Backward,
	})
	if err != nil {
		return err
	}
	after, err := x.Loki.Page(ctx, loki.PageRequest{
		Query: selection.LogQL(x.Selector), Start: e.Time, End: e.Time.Add(contextSpan), Limit: contextLines + 1, Direction: loki.Forward,
	})
	if err != nil {
		return err
	}
	slices.Reverse(before.Entries)
	behind := slices.DeleteFunc(after.Entries, func(other loki.Entry) bool { return other.TS == e.Time.UnixNano() && other.Line == e.Line })
	e.Before, e.After = linesOf(before.Entries), linesOf(behind[:min(len(behind), contextLines)])
	return nil
}

func linesOf(entries []loki.Entry) []life.Line {
	lines := make([]life.Line, len(entries))
	for i, e := range entries {
		lines[i] = life.Line{Time: time.Unix(0, e.TS).UTC(), Text: e.Line[:min(len(e.Line), contextBytes)]}
	}
	return lines
}

// images notes which images the containers run, by the metadata of their lines.
func (x *Indexer) images(ctx context.Context) error {
	now := x.Now()
	totals, err := x.Loki.Totals(ctx, "{"+string(x.Selector)+`} | image!=""`, []string{"service", "env", "image"}, now.Add(-imagesSpan), now)
	if err != nil {
		return err
	}
	var images []life.Image
	for _, total := range totals {
		if image := total.Labels["image"]; image != "" {
			images = append(images, life.Image{Service: total.Labels["service"], Env: total.Labels["env"], Image: image})
		}
	}
	return x.Tracker.SeeImages(ctx, images)
}
