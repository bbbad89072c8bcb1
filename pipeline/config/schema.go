package config

import (
	"fmt"
	"reflect"
	"strings"
)

// schema is what the mapping of one struct may hold.
type schema struct {
	// keys are the known keys in the order of the fields.
	keys   []string
	fields map[string][]int
	// ignored keys are accepted with a warning.
	ignored []string
	// unsupported keys are errors; the value is the remedy.
	unsupported map[string]string
}

// schemaOf reads the tags of a struct type.
func schemaOf(t reflect.Type) schema {
	s := schema{fields: map[string][]int{}, unsupported: map[string]string{}}
	s.add(t, nil)
	return s
}

func (s *schema) add(t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(index[:len(index):len(index)], i)
		s.ignored = append(s.ignored, strings.Fields(f.Tag.Get("ignored"))...)
		for _, key := range strings.Fields(f.Tag.Get("unsupported")) {
			s.unsupported[key] = f.Tag.Get("instead")
		}
		if f.Anonymous {
			s.add(f.Type, at)
			continue
		}
		if key := f.Tag.Get("yaml"); key != "" && key != "-" {
			s.keys = append(s.keys, key)
			s.fields[key] = at
		}
	}
}

// maxListed is how many known keys a message lists when it has a nearer hint.
const maxListed = 8

// suggest is the end of a message about an unknown key: the nearest known key,
// if one is near, and the known keys, unless there are many.
func suggest(key string, known []string) string {
	if len(known) == 0 {
		return "; there are none here, so remove it"
	}
	if near := Nearest(key, known); near != "" {
		hint := fmt.Sprintf("; did you mean %s?", near)
		if len(known) > maxListed {
			return hint
		}
		return hint + " Known keys: " + strings.Join(known, ", ")
	}
	return "; known keys: " + strings.Join(known, ", ")
}

// Nearest is the known name with the fewest edits from name, "" when all are
// further than a third of its length.
func Nearest(name string, known []string) string {
	best, limit := "", max(1, len(name)/3)
	for _, k := range known {
		if d := distance(strings.ToLower(name), k); d <= limit {
			best, limit = k, d-1
		}
	}
	return best
}

// distance is the number of bytes to insert, delete, change or swap with the
// next one to turn a into b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
