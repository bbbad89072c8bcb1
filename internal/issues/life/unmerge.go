package life

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// unmerge moves keys out of an issue: each to the issue that it had before it was
// merged, or, if that is this one, all to a new issue.
func (x *tx) unmerge(i *issue, actor string, texts []string) error {
	texts = slices.Compact(slices.Sorted(slices.Values(texts)))
	if len(texts) >= len(i.keys) {
		return fmt.Errorf("%w: an issue keeps at least one of its hashes", ErrAction)
	}
	homes := map[int64][]string{}
	for _, text := range texts {
		h, ok := x.t.keys[keyOf(text)]
		if !ok || h.issue != i || h.text != text {
			return fmt.Errorf("hash %s of issue %d: %w", text, i.ID, ErrNoIssue)
		}
		var home int64
		if err := x.QueryRowContext(x.ctx, "SELECT home FROM issue_hashes WHERE hash = ?", text).Scan(&home); err != nil {
			return err
		}
		homes[home] = append(homes[home], text)
	}
	for home, list := range homes {
		to, err := x.homeFor(i, home, list)
		if err != nil {
			return err
		}
		if err := x.move(i, to, actor, list); err != nil {
			return err
		}
	}
	return nil
}

// homeFor returns the issue to which hashes of i go back.
func (x *tx) homeFor(i *issue, home int64, hashes []string) (*issue, error) {
	if before := x.t.issues[home]; before != nil && before != i {
		return before, nil
	}
	shown := i.Issue
	shown.State, shown.Assignee, shown.Cut, shown.Spiking = Ongoing, "", 0, time.Time{}
	var title, explanation string
	if err := x.QueryRowContext(x.ctx, "SELECT explanation FROM issues WHERE id = ?", i.ID).Scan(&explanation); err != nil {
		return nil, err
	}
	// The history says what the event was that brought the hash.
	row := x.QueryRowContext(x.ctx, `SELECT detail ->> 'title' FROM issue_history WHERE issue = ? AND kind = 'attached' AND detail ->> 'hash' = ? ORDER BY id LIMIT 1`, i.ID, hashes[0])
	if err := row.Scan(&title); err == nil && title != "" {
		shown.Title = title
		explanation = "{}"
	}
	return x.insertIssue(shown, explanation)
}

// move gives keys of one issue to another, which comes back if it was merged.
func (x *tx) move(from, to *issue, actor string, texts []string) error {
	detail := UnmergedDetail{From: from.ID, To: to.ID, Hashes: texts}
	for _, text := range texts {
		err := x.exec("UPDATE issue_hashes SET issue = ?, home = CASE home WHEN ? THEN ? ELSE home END WHERE hash = ?", to.ID, from.ID, to.ID, text)
		if err != nil {
			return err
		}
	}
	if to.merged {
		// Its other hashes that no event is stored under come along.
		err := x.exec("UPDATE issue_hashes SET issue = ? WHERE issue = ? AND home = ? AND hash NOT LIKE 'v%'", to.ID, from.ID, to.ID)
		if err != nil {
			return err
		}
	}
	return errors.Join(
		x.exec("UPDATE issues SET merged_into = NULL WHERE id = ?", to.ID),
		x.note(from.ID, actor, KindUnmerged, detail),
		x.note(to.ID, actor, KindUnmerged, detail),
	)
}
