// Package corpus reads the recorded logs under testdata, which are compressed
// with gzip, and the rows of truth beside them: JSON, one for each line.
package corpus

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
)

// Text returns what is in a file.
func Text(t testing.TB, file string) string {
	t.Helper()
	packed, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unzip, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatalf("unpack %s: %v", file, err)
	}
	text, err := io.ReadAll(unzip)
	if err != nil {
		t.Fatalf("unpack %s: %v", file, err)
	}
	return string(text)
}

// Lines returns the lines of a file, without their newlines.
func Lines(t testing.TB, file string) []string {
	t.Helper()
	return strings.Split(strings.TrimSuffix(Text(t, file), "\n"), "\n")
}

// Rows decodes each line of a file.
func Rows[Row any](t testing.TB, file string) []Row {
	t.Helper()
	var rows []Row
	for _, line := range Lines(t, file) {
		var row Row
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%s: %v in %s", file, err, line)
		}
		rows = append(rows, row)
	}
	return rows
}

// DockerLines returns the lines of one stream of a json-file log, newlines
// included, with the 16 KiB parts of long ones joined.
func DockerLines(t testing.TB, file, stream string) (lines []string) {
	t.Helper()
	var line strings.Builder
	for _, part := range Rows[struct{ Log, Stream string }](t, file) {
		if part.Stream != stream {
			continue
		}
		line.WriteString(part.Log)
		if strings.HasSuffix(part.Log, "\n") {
			lines = append(lines, line.String())
			line.Reset()
		}
	}
	return lines
}

// Write is a row of truth: one write of an application.
type Write struct {
	Lines    int
	SHA256   string // of its text, final newline included
	Level    string
	Found    bool // Docker itself cut a character of the others
	Group    string
	ExcChain []string `json:"exc_chain"`
	// Text is what Writes found.
	Text string `json:"-"`
}

// Writes returns the writes to stdout of a run that are found in its log whole,
// with their text.
func Writes(t testing.TB, run string) (found []Write) {
	t.Helper()
	lines := DockerLines(t, run+".docker-json.log.gz", "stdout")
	next := 0
	for _, write := range Rows[Write](t, run+".truth.jsonl.gz") {
		for i := next; write.Found && i+write.Lines <= min(len(lines), next+800); i++ {
			text := strings.Join(lines[i:i+write.Lines], "")
			if sum := sha256.Sum256([]byte(text)); hex.EncodeToString(sum[:]) == write.SHA256 {
				write.Text, next = text, i+write.Lines
				found = append(found, write)
				break
			}
		}
	}
	return found
}
