package server

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
	"github.com/tovtech/tovplay-logging/internal/issues/life"
)

// issueBody is an issue in an answer.
type issueBody struct {
	ID        int64      `json:"id"`
	Title     string     `json:"title"`
	Type      string     `json:"type"`
	Culprit   string     `json:"culprit"`
	Kind      string     `json:"kind"`
	Service   string     `json:"service"`
	Env       string     `json:"env"`
	Level     string     `json:"level"`
	State     life.State `json:"state"`
	Since     *string    `json:"since"`
	FirstSeen *string    `json:"first_seen"`
	LastSeen  *string    `json:"last_seen"`
	Assignee  string     `json:"assignee"`
	Spiking   *string    `json:"spiking_since"`
	Hashes    int        `json:"hashes"`
	Cut       int64      `json:"cut"`
}

func issueOf(i life.Issue) issueBody {
	return issueBody{
		ID: i.ID, Title: i.Title, Type: i.Type, Culprit: i.Culprit, Kind: i.Kind, Service: i.Service, Env: i.Env, Level: i.Level,
		State: i.State, Since: stamp(i.Since), FirstSeen: stamp(i.FirstSeen), LastSeen: stamp(i.LastSeen),
		Assignee: i.Assignee, Spiking: stamp(i.Spiking), Hashes: i.Hashes, Cut: i.Cut,
	}
}

// issueRowBody is an issue in a list.
type issueRowBody struct {
	issueBody
	Events int64   `json:"events"`
	Twin   int64   `json:"twin"`
	Series []int64 `json:"series"`
}

func issueRowOf(r life.Row) issueRowBody {
	return issueRowBody{issueOf(r.Issue), r.Events, r.Twin, list(r.Series)}
}

// eventBody is an event in an answer.
type eventBody struct {
	ID          string            `json:"id"`
	TS          string            `json:"ts"`
	Hash        string            `json:"hash"`
	Service     string            `json:"service"`
	Env         string            `json:"env"`
	Level       string            `json:"level"`
	Type        string            `json:"type"`
	Message     string            `json:"message"`
	Culprit     string            `json:"culprit"`
	Text        string            `json:"text"`
	Correlation string            `json:"correlation_id"`
	Tags        map[string]string `json:"tags"`
}

func eventOf(e issues.Event) eventBody {
	return eventBody{
		ID: e.ID.String(), TS: strconv.FormatInt(e.Time, 10), Hash: e.Key.String(), Service: e.Service, Env: e.Env, Level: e.Level,
		Type: e.Type, Message: e.Message, Culprit: e.Culprit, Text: e.Text, Correlation: e.Correlation, Tags: orEmpty(e.Tags),
	}
}

// changeBody is a line of the history.
type changeBody struct {
	Seq    int64           `json:"seq"`
	Issue  int64           `json:"issue"`
	At     *string         `json:"at"`
	Actor  string          `json:"actor"`
	Kind   life.Kind       `json:"kind"`
	Detail json.RawMessage `json:"detail"`
}

func changeOf(c life.Change) changeBody {
	return changeBody{c.Seq, c.Issue, stamp(c.At), c.Actor, c.Kind, c.Detail}
}

// issueDetailBody is the answer of GET api/v1/issues/{id}.
type issueDetailBody struct {
	issueBody
	Snooze      *life.Snooze    `json:"snooze"`
	Explanation json.RawMessage `json:"explanation"`
	Groups      []hashBody      `json:"groups"`
	Links       []linkBody      `json:"links"`
	Evidence    []evidenceBody  `json:"evidence"`
	Deploy      *life.Deploy    `json:"deploy"`
	Newest      *placeBody      `json:"newest"`
}

// placeBody is where an event is.
type placeBody struct {
	TS string `json:"ts"`
	ID string `json:"id"`
}

func placeOf(p *issues.Position) *placeBody {
	if p == nil {
		return nil
	}
	return &placeBody{strconv.FormatInt(p.Time, 10), p.ID.String()}
}

// hashBody is a hash of an issue.
type hashBody struct {
	Hash   string  `json:"hash"`
	Key    bool    `json:"key"`
	Home   int64   `json:"home"`
	Reason string  `json:"reason"`
	Added  *string `json:"added"`
	First  *string `json:"first_seen"`
	Last   *string `json:"last_seen"`
}

type linkBody struct {
	Issue  int64  `json:"issue"`
	Title  string `json:"title"`
	Reason string `json:"reason"`
}

// evidenceBody is an event that is kept whole.
type evidenceBody struct {
	ID      string            `json:"id"`
	TS      string            `json:"ts"`
	Slot    string            `json:"slot"`
	Line    string            `json:"line"`
	Labels  map[string]string `json:"labels"`
	Before  []lineBody        `json:"before"`
	After   []lineBody        `json:"after"`
	Context bool              `json:"context"`
}

// lineBody is a line around an event.
type lineBody struct {
	TS   string `json:"ts"`
	Line string `json:"line"`
}

func issueDetailOf(d life.Detail) issueDetailBody {
	explanation := d.Explanation
	if !json.Valid(explanation) {
		explanation = json.RawMessage("null")
	}
	return issueDetailBody{
		issueBody: issueOf(d.Issue), Snooze: d.Snooze, Explanation: explanation, Deploy: d.Deploy, Newest: placeOf(d.Newest),
		Groups: mapped(d.Hashes, func(h life.Hash) hashBody {
			return hashBody{h.Text, h.Key, h.Home, h.Reason, stamp(h.Added), stamp(h.First), stamp(h.Last)}
		}),
		Links: mapped(d.Links, func(l life.Link) linkBody { return linkBody(l) }),
		Evidence: mapped(d.Evidence, func(e life.Evidence) evidenceBody {
			return evidenceBody{e.ID.String(), nanos(e.Time), e.Slot, e.Line, orEmpty(e.Labels), mapped(e.Before, lineOf), mapped(e.After, lineOf), e.Context}
		}),
	}
}

func lineOf(l life.Line) lineBody { return lineBody{nanos(l.Time), l.Text} }

// nanos renders a time as unix nanoseconds.
func nanos(at time.Time) string { return strconv.FormatInt(at.UnixNano(), 10) }

// mapped returns what f makes of each item, never nil.
func mapped[T, U any](items []T, f func(T) U) []U {
	result := make([]U, len(items))
	for i, item := range items {
		result[i] = f(item)
	}
	return result
}
