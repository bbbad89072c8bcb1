package server

import (
	"github.com/tovtech/tovplay-logging/internal/notify"
)

// notificationsBody is the answer of GET api/v1/notifications.
type notificationsBody struct {
	Channels []channelBody `json:"channels"`
	Rules    []ruleBody    `json:"rules"`
	Changes  []auditBody   `json:"changes"`
	// Links is false when messages have none, because EXTERNAL_URL is not set;
	// Issues when there are none to tell of.
	Links  bool `json:"links"`
	Issues bool `json:"issues"`
}

// channelSettings are what is entered and answered alike.
type channelSettings struct {
	Name          string             `json:"name"`
	Kind          notify.ChannelKind `json:"kind"`
	Enabled       bool               `json:"enabled"`
	Mail          *notify.Mail       `json:"mail"`
	DigestMinutes int                `json:"digest_minutes"`
	RepeatMinutes int                `json:"repeat_minutes"`
	PerHour       int                `json:"per_hour"`
	Quiet         *notify.Quiet      `json:"quiet"`
}

// channelRequest is a channel that somebody entered.
type channelRequest struct {
	channelSettings
	URL    string `json:"url"`
	Secret string `json:"secret"`
}

// channelBody is a channel in an answer: it has no secret.
type channelBody struct {
	ID int64 `json:"id"`
	channelSettings
	Target    string  `json:"target"`
	HasSecret bool    `json:"has_secret"`
	ChangedBy string  `json:"changed_by"`
	ChangedAt *string `json:"changed_at"`
	Waiting   int     `json:"waiting"`
	Failure   string  `json:"failure"`
	Remedy    string  `json:"remedy"`
	NextAt    *string `json:"next_at"`
}

func channelOf(c notify.Channel) channelBody {
	return channelBody{
		ID: c.ID, Target: c.Target(), HasSecret: !c.Secret.IsZero(), ChangedBy: c.ChangedBy, ChangedAt: stamp(c.ChangedAt),
		channelSettings: channelSettings{
			Name: c.Name, Kind: c.Kind, Enabled: c.Enabled, Mail: c.Mail,
			DigestMinutes: c.DigestMinutes, RepeatMinutes: c.RepeatMinutes, PerHour: c.PerHour, Quiet: c.Quiet,
		},
		Waiting: c.Status.Waiting, Failure: c.Status.Failure, Remedy: c.Status.Remedy, NextAt: stamp(c.Status.NextAt),
	}
}

// ruleRequest is a rule that somebody entered.
type ruleRequest struct {
	Name     string        `json:"name"`
	Enabled  bool          `json:"enabled"`
	Channels []int64       `json:"channels"`
	On       notify.On     `json:"on"`
	Kinds    []notify.Kind `json:"kinds"`
	Env      []string      `json:"env"`
	Service  []string      `json:"service"`
	Level    []string      `json:"level"`
	Search   int64         `json:"search"`
	Query    string        `json:"query"`
	View     string        `json:"view"`
	Count    int           `json:"count"`
	Minutes  int           `json:"minutes"`
}

// ruleBody is a rule in an answer.
type ruleBody struct {
	ID int64 `json:"id"`
	ruleRequest
	ChangedBy  string  `json:"changed_by"`
	ChangedAt  *string `json:"changed_at"`
	HoldsSince *string `json:"holds_since"`
	Lines      int64   `json:"lines"`
	AnsweredAt *string `json:"answered_at"`
	Failure    string  `json:"failure"`
}

func ruleOf(r notify.Rule) ruleBody {
	return ruleBody{
		ID: r.ID, ChangedBy: r.ChangedBy, ChangedAt: stamp(r.ChangedAt),
		ruleRequest: ruleRequest{
			Name: r.Name, Enabled: r.Enabled, Channels: list(r.Channels), On: r.On, Kinds: list(r.Kinds), Env: list(r.Env),
			Service: list(r.Service), Level: list(r.Level), Search: r.Search, Query: r.Query, View: r.View, Count: r.Count, Minutes: r.Minutes,
		},
		HoldsSince: stamp(r.Status.Since), Lines: r.Status.Lines, AnsweredAt: stamp(r.Status.AnsweredAt), Failure: r.Status.Failure,
	}
}

// createdBody is the answer to a new channel or rule.
type createdBody struct {
	ID int64 `json:"id"`
}

// auditBody says who changed what.
type auditBody struct {
	At    *string `json:"at"`
	Actor string  `json:"actor"`
	What  string  `json:"what"`
}

func auditOf(a notify.Audit) auditBody { return auditBody{stamp(a.At), a.Actor, a.What} }

// testBody is what became of a test message.
type testBody struct {
	OK     bool   `json:"ok"`
	Error  string `json:"error"`
	Remedy string `json:"remedy"`
	TookMS int64  `json:"took_ms"`
}

// sentBody is the answer of GET api/v1/notifications/sent.
type sentBody struct {
	Messages   []messageBody `json:"messages"`
	NextBefore int64         `json:"next_before"`
}

// messageBody is a message in an answer.
type messageBody struct {
	ID       int64              `json:"id"`
	Channel  int64              `json:"channel"`
	Key      string             `json:"key"`
	Test     bool               `json:"test"`
	State    string             `json:"state"`
	Why      string             `json:"why"`
	Created  *string            `json:"created_at"`
	Ended    *string            `json:"ended_at"`
	Attempts int                `json:"attempts"`
	Error    string             `json:"error"`
	Remedy   string             `json:"remedy"`
	Total    int                `json:"total"`
	Repeats  int64              `json:"repeats"`
	Events   []notificationBody `json:"events"`
}

// eventsShown is how many events of a message are listed.
const eventsShown = 10

func messageOf(m notify.Message) messageBody {
	return messageBody{
		ID: m.ID, Channel: m.Channel, Key: m.Key, Test: m.Test, State: m.State, Why: m.Why, Created: stamp(m.Created), Ended: stamp(m.Ended),
		Attempts: m.Attempts, Error: m.Error, Remedy: m.Remedy, Total: m.Total, Repeats: m.Repeats,
		Events: mapped(m.Events[:min(len(m.Events), eventsShown)], notificationOf),
	}
}

// notificationBody is what somebody was told.
type notificationBody struct {
	Kind    notify.Kind `json:"kind"`
	Title   string      `json:"title"`
	Text    string      `json:"text"`
	Service string      `json:"service"`
	Env     string      `json:"env"`
	Rule    string      `json:"rule"`
	Path    string      `json:"path"`
}

func notificationOf(e notify.Event) notificationBody {
	return notificationBody{e.Kind, e.Title, e.Text, e.Service, e.Env, e.Rule, e.Path}
}
