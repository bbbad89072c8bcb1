package alerts

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/prometheus/common/model"
)

// What of one alert is kept. Longer texts are cut, what is beyond is left out:
// the fingerprint, which is Alertmanager's, still tells alerts apart.
const (
	pairsMax      = 64
	nameMax       = 256
	labelMax      = 2 << 10
	annotationMax = 8 << 10
	urlMax        = 8 << 10
	extraMax      = 16 << 10
)

// ErrUnparsable means that a body is no notification of Alertmanager.
var ErrUnparsable = errors.New("this is no notification of Alertmanager's webhook")

// Notification is what Alertmanager's webhook sends, in version 4 of the format.
// See https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
type Notification struct {
	Receiver string
	// Truncated is how many alerts of the group were left out (max_alerts).
	Truncated int
	Alerts    []Alert
	// Malformed is how many alerts could not be understood.
	Malformed int
	// Extra are the fields that this version of the dashboard does not know.
	Extra map[string]json.RawMessage
}

// Alert is an alert as a notification or the API tells of it.
type Alert struct {
	Fingerprint string
	StartsAt    time.Time
	// EndsAt is zero, or in the future by the sender's clock, while it fires.
	EndsAt       time.Time
	Resolved     bool
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
	// Extra are the fields that this version of the dashboard does not know.
	Extra map[string]json.RawMessage
}

// Decode reads the body of a notification. It is lenient: fields that are new,
// missing or of another type are no error, and an alert that cannot be understood
// is counted and left out. Other errors than ErrUnparsable do not occur.
func Decode(body []byte) (Notification, error) {
	var n Notification
	fields, err := object(body)
	if err != nil {
		return n, fmt.Errorf("%w: %w", ErrUnparsable, err)
	}
	var alerts []json.RawMessage
	if !fields.take("alerts", &alerts) {
		return n, fmt.Errorf("%w: it has no list \"alerts\"", ErrUnparsable)
	}
	fields.take("receiver", &n.Receiver)
	fields.take("truncatedAlerts", &n.Truncated)
	n.Receiver, n.Truncated = clean(n.Receiver, nameMax), max(n.Truncated, 0)
	// The rest of version 4 is in the alerts as well, or means nothing here.
	for _, known := range [...]string{"version", "groupKey", "status", "groupLabels", "commonLabels", "commonAnnotations", "externalURL"} {
		delete(fields, known)
	}
	n.Extra = fields
	for _, raw := range alerts {
		alert, ok := decodeAlert(raw)
		if !ok {
			n.Malformed++
			continue
		}
		n.Alerts = append(n.Alerts, alert)
	}
	return n, nil
}

// decodeAlert reads one alert of a notification or of /api/v2/alerts.
func decodeAlert(raw json.RawMessage) (a Alert, ok bool) {
	fields, err := object(raw)
	if err != nil {
		return a, false
	}
	var status string
	fields.take("status", &status)
	fields.take("endsAt", &a.EndsAt)
	fields.take("fingerprint", &a.Fingerprint)
	fields.take("generatorURL", &a.GeneratorURL)
	fields.take("annotations", &a.Annotations)
	if !fields.take("startsAt", &a.StartsAt) || !fields.take("labels", &a.Labels) || len(a.Labels) == 0 || a.StartsAt.UnixMilli() <= 0 {
		return a, false
	}
	if !isFingerprint(a.Fingerprint) {
		a.Fingerprint = fingerprintOf(a.Labels)
	}
	a.Resolved = status == "resolved"
	a.Labels = cleanPairs(a.Labels, labelMax)
	a.Annotations = cleanPairs(a.Annotations, annotationMax)
	if len(a.GeneratorURL) > urlMax {
		a.GeneratorURL = "" // a part of an address leads nowhere
	}
	a.GeneratorURL = clean(a.GeneratorURL, urlMax)
	a.Extra = fields
	return a, true
}

// fields are the members of a JSON object that were not taken yet.
type fields map[string]json.RawMessage

func object(raw []byte) (fields, error) {
	var f fields
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, err
	}
	if f == nil {
		return nil, errors.New("it is null")
	}
	return f, nil
}

// take takes a member, and reports whether it is there and of the type of into.
func (f fields) take(name string, into any) bool {
	raw, found := f[name]
	delete(f, name)
	return found && string(raw) != "null" && json.Unmarshal(raw, into) == nil
}

// isFingerprint reports whether text can be Alertmanager's: short, of letters and
// digits.
func isFingerprint(text string) bool {
	return len(text) > 0 && len(text) <= 64 && !strings.ContainsFunc(text, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// fingerprintOf returns the fingerprint that Alertmanager computes.
func fingerprintOf(labels map[string]string) string {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
}

// cleanPairs bounds labels or annotations. Which are left out beyond pairsMax is
// the same each time: the last by name.
func cleanPairs(pairs map[string]string, valueMax int) map[string]string {
	result := make(map[string]string, min(len(pairs), pairsMax))
	for name, value := range pairs {
		result[clean(name, nameMax)] = clean(value, valueMax)
	}
	if len(result) <= pairsMax {
		return result
	}
	for _, name := range slices.Sorted(maps.Keys(result))[pairsMax:] {
		delete(result, name)
	}
	return result
}

// clean returns text as UTF-8 without control characters but line feeds and
// tabs, of most bytes at most.
func clean(text string, most int) string {
	if len(text) > most {
		text = text[:most] + "…"
	}
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
