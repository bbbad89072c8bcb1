package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// appendTo appends text to a file.
func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.WriteString(text)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// A target whose labels change, or that its file names no more and then again,
// goes on where it was.
func TestTargetsOfAFileComeAndGoWithoutLoss(t *testing.T) {
	dir, loki := t.TempDir(), newSink(t, "")
	path := write(t, filepath.Join(dir, "app.txt"), "one\n")
	targets := filepath.Join(dir, "targets.yaml")
	group := func(service string) string {
		return fmt.Sprintf("- labels: {service: %s, __path__: %s}\n", service, path)
	}
	write(t, targets, group("a"))
	out := start(t, dir, "url: "+loki.URL, fmt.Sprintf(`
- job_name: sd
  file_sd_configs: [{files: ['%s']}]
  relabel_configs: [{source_labels: [service], target_label: name, action: uppercase}]
`, targets))
	want := func(line, service, name string) {
		t.Helper()
		stream := fmt.Sprintf(`{filename="%s", name="%s", service="%s"}`, path, name, service)
		eventually(t, out, line+" in "+stream, func() bool { return slices.Equal(loki.got(line), []string{stream}) })
	}
	want("one", "a", "A")

	write(t, targets, group("b"))
	eventually(t, out, "the target is left", func() bool { return out.has("a source has ended") })
	appendTo(t, path, "two\n")
	want("two", "b", "B")

	write(t, targets, "- lables: {}\n")
	eventually(t, out, "the broken file is named", func() bool { return out.has("unknown key") })
	appendTo(t, path, "three\n")
	want("three", "b", "B")

	write(t, targets, "[]\n")
	eventually(t, out, "the target is left again", func() bool { return out.count("a source has ended") == 2 })
	appendTo(t, path, "four\n")
	write(t, targets, group("c"))
	want("four", "c", "C")
	for _, line := range []string{"one", "two", "three"} {
		if n := len(loki.got(line)); n != 1 {
			t.Errorf("%s came %d times", line, n)
		}
	}
	if n := out.count("unknown key"); n != 1 {
		t.Errorf("the broken file is named %d times", n)
	}
}
