package oracle

import (
	"encoding/json"
	"strings"
	"time"
)

// eachLine changes the lines of entries.
func eachLine(all []entry, change func(string) string) []entry {
	for i := range all {
		all[i].line = change(all[i].line)
	}
	return all
}

// eachMeta changes the structured metadata of entries.
func eachMeta(all []entry, change func(string) string) []entry {
	for i := range all {
		all[i].meta = change(all[i].meta)
	}
	return all
}

// criTimes are the times that joined lines have here.
func criTimes(times map[string]string) difference {
	return difference{row: "cri: a line in parts", of: func(all []entry) []entry {
		for i := range all {
			if at, ok := times[all[i].line]; ok {
				all[i].time = unixNano(at)
			}
		}
		return all
	}}
}

// wholeCharacters is a line that is cut.
var wholeCharacters = difference{row: "`max_line_size_truncate`", of: func(all []entry) []entry {
	return eachLine(all, func(line string) string { return strings.ToValidUTF8(line, "") })
}}

// unixNano reads a time of a test.
func unixNano(text string) int64 {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t.UnixNano()
}

// equalTimes is what is added to the times of a source that has one stream and
// no time below microseconds. What timestamp adds to the last good time counts.
var equalTimes = difference{row: "entries with one time in a row", of: func(all []entry) []entry {
	last, added := int64(0), int64(0)
	for i := range all {
		fudged := all[i].time % int64(time.Microsecond)
		at := all[i].time - fudged
		if added++; at != last {
			last, added = at, 0
		}
		added = max(added, fudged)
		all[i].time = at + added
	}
	return all
}}

// roughTimes is the same for a source with several streams, of which a sink does
// not see the order.
var roughTimes = difference{row: equalTimes.row, both: true, of: func(all []entry) []entry {
	for i := range all {
		all[i].time -= all[i].time % int64(10*time.Microsecond)
	}
	return all
}}

// jsonForm is how objects and lists are written that the json stage extracts.
// Lines show them as the pack stage does.
var jsonForm = difference{row: "json: the form of objects and lists", of: func(all []entry) []entry {
	return eachLine(all, func(line string) string {
		values := map[string]string{}
		if json.Unmarshal([]byte(line), &values) != nil {
			return line
		}
		for name, text := range values {
			if name != "_entry" {
				values[name] = canonical(text)
			}
		}
		return mustJSON(values)
	})
}, both: true}

// canonical is an object or a list as encoding/json writes it.
func canonical(text string) string {
	var v any
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") || json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	return mustJSON(v)
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
