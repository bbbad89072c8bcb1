package notify

import (
	"fmt"
	"strings"
	"time"
)

// What Discord and Slack take: 10 embeds of 6000 characters together, 50 blocks
// of 3000 characters.
const (
	shownInChat = 10
	titleMax    = 250
	textMax     = 300
)

// colours of Discord's embeds: those of the page.
var colours = map[Kind]int{
	NewIssue: 0xB42318, RegressedIssue: 0xB42318, SpikingIssue: 0x8A1538,
	Matches: 0x8F5B00, Silent: 0x8F5B00, HeardAgain: 0x1F7A4D, Test: 0x0B6E99,
}

type discordBody struct {
	Username string         `json:"username"`
	Content  string         `json:"content,omitempty"`
	Embeds   []discordEmbed `json:"embeds"`
	// Mentions keeps @everyone in a log line from calling everyone.
	Mentions struct {
		Parse []string `json:"parse"`
	} `json:"allowed_mentions"`
}

type discordEmbed struct {
	Title       string `json:"title"`
	URL         string `json:"url,omitempty"`
	Description string `json:"description,omitempty"`
	Color       int    `json:"color"`
	Timestamp   string `json:"timestamp"`
}

// discord is a message for Discord's webhook.
func (p *poster) discord(m *Message) discordBody {
	body := discordBody{Username: "TovPlay logs", Content: shorten(strings.Join(m.preface(shownInChat), "\n"), 1500)}
	body.Mentions.Parse = []string{}
	for i := range m.Events[:min(len(m.Events), shownInChat)] {
		e := &m.Events[i]
		body.Embeds = append(body.Embeds, discordEmbed{
			Title: shorten(discordText(e.headline()), titleMax), URL: p.link(e), Description: shorten(discordText(e.Text), textMax),
			Color: colours[e.Kind], Timestamp: e.At.UTC().Format(time.RFC3339),
		})
	}
	return body
}

// discordText keeps Discord from reading text as markup.
func discordText(text string) string {
	return discordEscapes.Replace(oneLine(text))
}

var discordEscapes = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "|", `\|`, "[", `\[`, "]", `\]`, "<", `\<`, "@", "@\u200b")

type slackBody struct {
	Text   string       `json:"text"`
	Blocks []slackBlock `json:"blocks"`
	// Links are not looked up by Slack: they lead to a login.
	UnfurlLinks bool `json:"unfurl_links"`
	UnfurlMedia bool `json:"unfurl_media"`
}

type slackBlock struct {
	Type string    `json:"type"`
	Text slackText `json:"text"`
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// slack is a message for Slack's incoming webhook.
func (p *poster) slack(m *Message) slackBody {
	body := slackBody{Text: slackEscape(m.headline())}
	section := func(text string) {
		body.Blocks = append(body.Blocks, slackBlock{"section", slackText{"mrkdwn", text}})
	}
	if preface := m.preface(shownInChat); len(preface) > 0 {
		section(slackEscape(shorten(strings.Join(preface, "\n"), 1500)))
	}
	for i := range m.Events[:min(len(m.Events), shownInChat)] {
		e := &m.Events[i]
		text := "*" + slackEscape(shorten(e.headline(), titleMax)) + "*"
		if link := p.link(e); link != "" {
			text = "*<" + slackEscape(link) + "|" + slackEscape(shorten(e.headline(), titleMax)) + ">*"
		}
		if e.Text != "" {
			text += "\n" + slackEscape(shorten(oneLine(e.Text), textMax))
		}
		section(text)
	}
	return body
}

// slackEscape keeps Slack from reading text as links, mentions or bold letters.
func slackEscape(text string) string { return slackEscapes.Replace(text) }

var slackEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "*", "∗", "`", "ˋ", "|", "¦")

type webhookBody struct {
	Version int    `json:"version"`
	ID      string `json:"id"`
	Channel string `json:"channel"`
	Title   string `json:"title"`
	// Why says why the events waited, empty if they did not.
	Why    string         `json:"why"`
	Total  int            `json:"total"`
	Events []webhookEvent `json:"events"`
}

type webhookEvent struct {
	Kind    Kind      `json:"kind"`
	Title   string    `json:"title"`
	Text    string    `json:"text"`
	Service string    `json:"service"`
	Env     string    `json:"env"`
	Level   string    `json:"level"`
	At      time.Time `json:"at"`
	Issue   int64     `json:"issue"`
	Rule    string    `json:"rule"`
	URL     string    `json:"url"`
}

// webhook is a message for any receiver.
func (p *poster) webhook(c Channel, m *Message) webhookBody {
	body := webhookBody{Version: 1, ID: m.Key, Channel: c.Name, Title: m.headline(), Why: m.Why, Total: m.Total, Events: []webhookEvent{}}
	for i := range m.Events {
		e := &m.Events[i]
		body.Events = append(body.Events, webhookEvent{
			Kind: e.Kind, Title: e.Title, Text: e.Text, Service: e.Service, Env: e.Env, Level: e.Level, At: e.At, Issue: e.Issue, Rule: e.Rule, URL: p.link(e),
		})
	}
	return body
}

// preface are the lines above the events: how many there are, why they waited.
func (m *Message) preface(shown int) []string {
	var lines []string
	if m.Total > 1 {
		lines = append(lines, m.headline())
	}
	if m.Why != "" {
		lines = append(lines, m.Why)
	}
	if rest := m.Total - min(shown, len(m.Events)); rest > 0 {
		lines = append(lines, fmt.Sprintf("The first %d are shown.", m.Total-rest))
	}
	return lines
}
