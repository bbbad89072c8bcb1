package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/corpus"
	"github.com/tovtech/tovplay-logging/test/servers"
)

// machine is a made-up host: a /var/log and a Docker data folder on disk.
type machine struct {
	dir    string
	varlog string
	docker string
	demo   string // logs of the environment demo, if there are any
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{dir: dir, varlog: filepath.Join(dir, "log"), docker: filepath.Join(dir, "docker"), demo: filepath.Join(dir, "demo")}
	for _, d := range []string{m.varlog, filepath.Join(m.docker, "containers")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// config is the configuration that the project ships, reading this machine.
func (m *machine) config(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(servers.Root(t), "stack", "collector.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return servers.WriteFile(t, filepath.Join(m.dir, "collector.yaml"), strings.ReplaceAll(string(text), "/var/log", m.varlog))
}

// collect runs the collector on this machine.
func (m *machine) collect(t *testing.T, lokiURL string) *servers.Process {
	t.Helper()
	return servers.Collector(t, servers.CollectorOptions{
		Config: m.config(t), Dir: m.dir,
		Env: []string{
			"LOKI_URL=" + lokiURL, "DATA_DIR=" + m.dir, "DOCKER_ROOT=" + m.docker, "DEMO_DIR=" + m.demo,
			"TOVPLAY_ENV=test", "TOVPLAY_HOST=host-1", "TZ=UTC",
		},
	})
}

// path is the path of a log below /var/log.
func (m *machine) path(name string) string { return filepath.Join(m.varlog, name) }

// dockerRecord is a line of Docker's json-file driver.
type dockerRecord struct {
	Log    string    `json:"log"`
	Stream string    `json:"stream"`
	Time   time.Time `json:"time"`
}

// addContainer puts a real container's log into the Docker folder. Its times
// are moved so that the last line is of ten minutes ago. It returns the records.
func (m *machine) addContainer(t *testing.T, name string) []dockerRecord {
	t.Helper()
	meta, err := os.ReadFile(filepath.Join("testdata", name+".config.v2.json"))
	if err != nil {
		t.Fatal(err)
	}
	var id struct{ ID string }
	if err := json.Unmarshal(meta, &id); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(m.docker, "containers", id.ID)
	servers.WriteFile(t, filepath.Join(dir, "config.v2.json"), string(meta))
	records := readDockerLog(t, packed(name+".docker-json.log.gz"))
	shift := time.Now().Add(-10 * time.Minute).Sub(records[len(records)-1].Time)
	var text strings.Builder
	for i := range records {
		records[i].Time = records[i].Time.Add(shift)
		line, err := json.Marshal(records[i])
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	servers.WriteFile(t, filepath.Join(dir, id.ID+"-json.log"), text.String())
	return records
}

// packed is the path of a real log that a package's own tests read too.
func packed(name string) string {
	owner := "level"
	if strings.HasPrefix(name, "legacy-prod.") {
		owner = "traceback"
	}
	return filepath.Join("..", "..", "pipeline", owner, "testdata", "tovplay", name)
}

func readDockerLog(t *testing.T, path string) []dockerRecord {
	t.Helper()
	return corpus.Rows[dockerRecord](t, path)
}

// write is what the program itself noted about one write to its stdout.
type write struct {
	SHA256   string `json:"sha256"`
	Level    string `json:"level"`
	Site     string `json:"site"`
	ExcChain any    `json:"exc_chain"` // nil without a traceback
	Found    bool   `json:"found"`     // false: Docker itself cut a character
}

func readTruth(t *testing.T, name string) []write {
	t.Helper()
	return corpus.Rows[write](t, packed(name+".truth.jsonl.gz"))
}

// waitSettled waits until the collector has read everything and Loki has
// confirmed it.
func waitSettled(t *testing.T, collector *servers.Process) {
	t.Helper()
	servers.Eventually(t, "everything is read and confirmed", func() bool {
		page := servers.Targets(t, collector)
		if len(page.Targets) == 0 {
			return false
		}
		for _, target := range page.Targets {
			if target.LagBytes > 0 || target.Unsettled > 0 {
				return false
			}
		}
		return true
	})
}
