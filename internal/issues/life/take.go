package life

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/pipeline/grouping"
	"github.com/tovtech/tovplay-logging/pipeline/grouping/pattern"
	"github.com/tovtech/tovplay-logging/pipeline/level"
)

// Seen is an event with what the store does not keep.
type Seen struct {
	*issues.Event
	// Line is the whole entry, Labels the labels of its stream.
	Line   string
	Labels map[string]string
	// Group is the group that the collector wrote beside the line, "" for none.
	Group string
}

// Take finds or makes the issue of each event, before the events are stored. An
// event may come again, in any order: nothing happens twice. Take changes the Key
// of events that are counted under another one because of the Limits.
func (t *Tracker) Take(ctx context.Context, seen []Seen) error {
	if len(seen) == 0 {
		return nil
	}
	return t.write(ctx, fmt.Sprintf("take %d events", len(seen)), func(x *tx) error {
		touched := map[*hash]bool{}
		for i := range seen {
			h, err := x.hashOf(&seen[i])
			if err != nil {
				return err
			}
			seen[i].Key = h.key
			touched[h] = true
			if err := x.sees(h, &seen[i]); err != nil {
				return err
			}
		}
		return x.saveTimes(touched)
	})
}

// sees notes an event of an issue.
func (x *tx) sees(h *hash, s *Seen) error {
	i := h.issue
	if h.first == 0 || s.Time < h.first {
		h.first = s.Time
	}
	h.last = max(h.last, s.Time)
	i.saw(s.Time)
	if i.State == Resolved && s.Time > i.Since.UnixNano() {
		if err := x.regress(i, s.Time); err != nil {
			return err
		}
	}
	if err := x.link(h, s); err != nil {
		return err
	}
	return x.keep(i, h, s)
}

// timesEvery is how exactly the time of the last event is stored.
const timesEvery = int64(10 * time.Second)

// saveTimes stores first and last of hashes, those that moved little excepted.
func (x *tx) saveTimes(touched map[*hash]bool) error {
	for h := range touched {
		if h.saved != 0 && h.last < h.saved+timesEvery && h.first >= h.firstSaved {
			continue
		}
		if err := x.exec("UPDATE issue_hashes SET first = ?, last = ? WHERE hash = ?", h.first, h.last, h.text); err != nil {
			return err
		}
		h.saved, h.firstSaved = h.last, h.first
	}
	return nil
}

// regress moves a resolved issue back, with the deploy since.
func (x *tx) regress(i *issue, at int64) error {
	detail := RegressedDetail{Resolved: i.Since, Event: timeOf(at)}
	deploy, err := x.lastDeploy(i.Service, i.Env, i.Since.UnixNano(), at)
	if err != nil {
		return err
	}
	detail.Deploy = deploy
	if err := x.setState(i, Regressed); err != nil {
		return err
	}
	return x.note(i.ID, "", KindRegressed, detail)
}

// hashOf returns the hash under which an event is stored.
func (x *tx) hashOf(s *Seen) (*hash, error) {
	if h, ok := x.t.keys[s.Key]; ok {
		return h, nil
	}
	found := x.t.explain(s)
	known, why := x.t.find(found)
	switch {
	case known == nil && x.t.tooMany(s.Service):
		return x.overflow(s)
	case known == nil:
		return x.create(s, found)
	case len(known.keys) >= x.t.Limits.KeysOfIssue || x.t.tooMany(s.Service):
		return known.keys[0], x.cut(known)
	}
	h, err := x.attach(known, s.Key.String(), why)
	if err != nil {
		return nil, err
	}
	x.t.count(s.Service)
	detail := AttachedDetail{Hash: h.text, Reason: why, Title: found.explanation.Title}
	if err := x.note(known.ID, "", KindAttached, detail); err != nil {
		return nil, err
	}
	return h, x.attachOthers(known, found)
}

// other is a further hash of an event, and what it means to find it known.
type other struct{ text, why string }

// found is what is known of an event of an unknown key.
type found struct {
	explanation grouping.Explanation
	others      []other
}

// explain groups the event's line, and names the hashes by which its issue may
// be known.
func (t *Tracker) explain(s *Seen) found {
	t.Grouper.Group(grouping.Event{Text: []byte(s.Line), Level: level.Parse(s.Level), Service: s.Service}, &t.result)
	f := found{explanation: t.result.Explanation()}
	e := &f.explanation
	add := func(text, why string) {
		if text != "" && text != s.Key.String() {
			f.others = append(f.others, other{text, why})
		}
	}
	add(s.Group, "the collector gives it the group "+s.Group)
	add(e.Key.String(), "its own group is "+e.Key.String())
	site := siteOf(e)
	if e.InAppHash != 0 {
		add("in-app "+e.InAppHash.String()+" "+site, "its types and functions of the application are the same")
	}
	if e.AllHash != 0 {
		add("all "+e.AllHash.String()+" "+site, "its types and functions are the same")
	}
	if e.Kind == grouping.Message.String() && e.Rule == "" {
		if template := t.template(e.Message); template != "" {
			add("template "+digest(s.Service, s.Env, template), "its message fits “"+template+"”")
		}
	}
	return f
}

// siteOf is the statement that logged an exception: one failure that is logged
// twice is two issues.
func siteOf(e *grouping.Explanation) string {
	for _, part := range e.Parts {
		if part.Name == "logged by" {
			return digest(part.Value)
		}
	}
	return ""
}

// template returns the learnt template that a message fits, "" if there is none
// with something in it that varies.
func (t *Tracker) template(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	template, ok := t.tree.Match([]byte(line))
	if !ok || !strings.Contains(template, pattern.Wildcard) {
		t.learned = true
		template = t.tree.Learn([]byte(line))
	}
	if !strings.Contains(template, pattern.Wildcard) {
		return ""
	}
	return template
}

// digest is short and, but for accidents, different for different parts.
func digest(parts ...string) string {
	var d xxhash.Digest
	d.Reset()
	for _, part := range parts {
		fmt.Fprintf(&d, "%d:%s", len(part), part)
	}
	return fmt.Sprintf("%016x", d.Sum64())
}

// find returns the issue that has one of the hashes, the first of them, and why.
func (t *Tracker) find(f found) (*issue, string) {
	for _, o := range f.others {
		if h, ok := t.others[o.text]; ok {
			return h.issue, o.why
		}
		if h, ok := t.keys[keyOf(o.text)]; ok {
			return h.issue, o.why
		}
	}
	return nil, ""
}

// attach gives an issue a further hash.
func (x *tx) attach(i *issue, text, why string) (*hash, error) {
	h := &hash{text: text}
	err := x.exec("INSERT INTO issue_hashes (hash, issue, home, reason, added_at) VALUES (?,?,?,?,?)", text, i.ID, i.ID, why, x.t.Now().UnixNano())
	if err != nil {
		return nil, err
	}
	x.t.know(h, i)
	return h, nil
}

// attachOthers gives an issue those further hashes of an event that no issue has.
func (x *tx) attachOthers(i *issue, f found) error {
	for _, o := range f.others {
		if _, known := x.t.others[o.text]; known {
			continue
		}
		if _, known := x.t.keys[keyOf(o.text)]; known {
			continue
		}
		if _, err := x.attach(i, o.text, o.why); err != nil {
			return err
		}
	}
	return nil
}

// create makes an issue of an event.
func (x *tx) create(s *Seen, f found) (*hash, error) {
	e := &f.explanation
	kind := e.Kind
	if e.Rule != "" {
		kind = "rule"
	}
	i, err := x.insertIssue(Issue{
		Title: short(e.Title), Type: s.Type, Culprit: s.Culprit, Kind: kind, Service: s.Service, Env: s.Env, Level: s.Level, State: New,
	}, explanationText(e))
	if err != nil {
		return nil, err
	}
	h, err := x.attach(i, s.Key.String(), "the first event")
	if err != nil {
		return nil, err
	}
	x.t.count(s.Service)
	if err := x.note(i.ID, "", KindCreated, CreatedDetail{Title: i.Title}); err != nil {
		return nil, err
	}
	return h, x.attachOthers(i, f)
}

// insertIssue stores a new issue.
func (x *tx) insertIssue(shown Issue, explanation string) (*issue, error) {
	i := &issue{Issue: shown}
	i.Since = x.t.Now()
	result, err := x.ExecContext(x.ctx, `INSERT INTO issues (title, type, culprit, kind, service, env, level, state, since, explanation)
		VALUES (?,?,?,?,?,?,?,?,?,?)`, i.Title, i.Type, i.Culprit, i.Kind, i.Service, i.Env, i.Level, i.State, i.Since.UnixNano(), explanation)
	if err != nil {
		return nil, err
	}
	if i.ID, err = result.LastInsertId(); err != nil {
		return nil, err
	}
	x.t.issues[i.ID] = i
	return i, nil
}

// maxExplained bounds what is kept of an explanation, in bytes.
const maxExplained = 64 << 10

// explanationText returns an explanation as JSON, without its frames if it is
// very long.
func explanationText(e *grouping.Explanation) string {
	text, err := json.Marshal(e)
	if err == nil && len(text) <= maxExplained {
		return string(text)
	}
	brief := grouping.Explanation{Version: e.Version, Key: e.Key, Kind: e.Kind, Rule: e.Rule, Title: short(e.Title)}
	if text, err = json.Marshal(brief); err != nil {
		return "{}"
	}
	return string(text)
}

// short cuts a title.
func short(title string) string {
	const limit = 300
	if len(title) <= limit {
		return strings.ToValidUTF8(title, "?")
	}
	return strings.ToValidUTF8(title[:limit], "") + "…"
}

// tooMany reports whether a service may have no further key now.
func (t *Tracker) tooMany(service string) bool {
	if hour := t.Now().Truncate(time.Hour); !hour.Equal(t.addedIn) {
		t.addedIn = hour
		clear(t.added)
	}
	return t.added[service] >= t.Limits.NewKeys || len(t.keys) >= t.Limits.Keys
}

// count counts a key that was added.
func (t *Tracker) count(service string) { t.added[service]++ }

// overflow returns the hash of what a service has too many of.
func (x *tx) overflow(s *Seen) (*hash, error) {
	key := issues.Key(max(xxhash.Sum64String("too many different errors of "+s.Service), 1))
	h, ok := x.t.keys[key]
	if ok {
		return h, x.cut(h.issue)
	}
	i, err := x.insertIssue(Issue{
		Title: "More different errors of " + orNone(s.Service) + " than are told apart", Kind: grouping.Message.String(),
		Service: s.Service, Env: s.Env, Level: s.Level, State: New,
	}, "{}")
	if err != nil {
		return nil, err
	}
	if h, err = x.attach(i, key.String(), "too many different errors"); err != nil {
		return nil, err
	}
	return h, errors.Join(x.note(i.ID, "", KindCreated, CreatedDetail{Title: i.Title}), x.cut(i))
}

// orNone names a service that has no name.
func orNone(service string) string {
	if service == "" {
		return "a service without a name"
	}
	return service
}

// cut counts an event that is not told apart.
func (x *tx) cut(i *issue) error {
	i.Cut++
	return x.exec("UPDATE issues SET cut = ? WHERE id = ?", i.Cut, i.ID)
}

// The names of values of the index.
const (
	treeName    = "patterns"
	versionName = "grouping version"
)

// maxTemplates bounds the tree of templates.
const maxTemplates = pattern.DefaultMaxClusters

// loadTree reads the learnt templates. A form that is not known is left behind:
// new ones are learnt.
func (t *Tracker) loadTree(ctx context.Context) error {
	t.tree = pattern.New(maxTemplates)
	saved, err := t.Value(ctx, treeName)
	if err != nil || saved == nil {
		return err
	}
	if tree, err := pattern.Load(bytes.NewReader(saved), maxTemplates); err == nil {
		t.tree = tree
	}
	return nil
}

// Save stores what was learned of messages, if that has changed.
func (t *Tracker) Save(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.learned {
		return nil
	}
	var b bytes.Buffer
	if err := t.tree.Save(&b); err != nil {
		return fmt.Errorf("save templates of messages: %w", err)
	}
	if err := t.SetValue(ctx, treeName, b.Bytes()); err != nil {
		return err
	}
	t.learned = false
	return nil
}

// Regroup attaches the keys of another version of the grouping, or of other
// rules, to the issues that there are, so that none is split. It groups the
// evidence again, once for each version.
func (t *Tracker) Regroup(ctx context.Context, version string) error {
	known, err := t.Value(ctx, versionName)
	if err != nil || string(known) == version {
		return err
	}
	type kept struct{ hash, line, labels string }
	var all []kept
	err = each(ctx, t.DB, "SELECT hash, line, labels FROM issue_evidence ORDER BY time", func(scan scanner) error {
		var k kept
		err := scan(&k.hash, &k.line, &k.labels)
		all = append(all, k)
		return err
	})
	if err != nil {
		return fmt.Errorf("read evidence to group it again: %w", err)
	}
	err = t.write(ctx, "group evidence again", func(x *tx) error {
		for _, k := range all {
			h, ok := t.keys[keyOf(k.hash)]
			if !ok {
				continue
			}
			if err := x.regroup(h.issue, k.line, version); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return t.SetValue(ctx, versionName, []byte(version))
}

// regroup attaches the present key of a line to its issue.
func (x *tx) regroup(i *issue, line, version string) error {
	x.t.Grouper.Group(grouping.Event{Text: []byte(line), Level: level.Parse(i.Level), Service: i.Service}, &x.t.result)
	key := x.t.result.Key
	if _, known := x.t.keys[key]; known {
		return nil
	}
	why := "grouping version " + version + " gives it this key"
	if _, err := x.attach(i, key.String(), why); err != nil {
		return err
	}
	return x.note(i.ID, "", KindAttached, AttachedDetail{Hash: key.String(), Reason: why, Title: short(x.t.result.Title())})
}
