package issues

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/grouping/mask"
)

// endpointTag is the tag that holds the path of a request.
const endpointTag = "endpoint"

// TagCounter counts the values of tags.
type TagCounter struct {
	events map[string]map[string]int // by tag and value
}

// Add counts one value of a tag; an empty one does not count.
func (c *TagCounter) Add(name, value string) {
	if value == "" {
		return
	}
	if c.events == nil {
		c.events = map[string]map[string]int{}
	}
	values := c.events[name]
	if values == nil {
		values = map[string]int{}
		c.events[name] = values
	}
	values[value]++
}

// Tags returns the tags by name, each with at most limit values, the most
// frequent first, 10 if limit is 0.
func (c *TagCounter) Tags(limit int) []Tag {
	limit = cmp.Or(limit, 10)
	tags := make([]Tag, 0, len(c.events))
	for _, name := range slices.Sorted(maps.Keys(c.events)) {
		tag := Tag{Name: name, Distinct: len(c.events[name])}
		for value, n := range c.events[name] {
			tag.Events += n
			tag.Values = append(tag.Values, TagValue{Value: value, Events: n})
		}
		slices.SortFunc(tag.Values, func(a, b TagValue) int {
			return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Value, b.Value))
		})
		tag.Values = slices.Clip(tag.Values[:min(limit, len(tag.Values))])
		tags = append(tags, tag)
	}
	return tags
}

// AddEvent counts the tags of an event; environment, service and level are tags
// as well.
func (c *TagCounter) AddEvent(env, service, level string, tags map[string]string) {
	c.Add("env", env)
	c.Add("service", service)
	c.Add("level", level)
	EachTag(tags, c.Add)
}

// EachTag calls fn with each tag as it is counted and found.
func EachTag(tags map[string]string, fn func(name, value string)) {
	for name, value := range tags {
		fn(name, ShownTag(name, value))
	}
}

// ShownTag returns the value of a tag as it is counted and found: of an endpoint
// without what varies in it.
func ShownTag(name, value string) string {
	if name == endpointTag {
		return route(value)
	}
	return value
}

// route returns a request's path without its query, with placeholders for ids; the
// version of an API is none.
func route(path string) string {
	path, _, _ = strings.Cut(path, "?")
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if !isVersion(segment) {
			segments[i] = string(mask.Append(nil, []byte(segment)))
		}
	}
	return strings.Join(segments, "/")
}

// isVersion reports whether a segment of a path is v and digits.
func isVersion(segment string) bool {
	digits, ok := strings.CutPrefix(segment, "v")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}
