package e2e

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// engine is a real Docker engine of the test's own.
type engine struct {
	socket string
	root   string // its data folder
}

// startEngine starts dockerd and imports an image that holds busybox alone.
func startEngine(t *testing.T) *engine {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a Docker engine needs root")
	}
	dir, err := os.MkdirTemp("", "engine") // a short path: a socket's has a limit
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	e := &engine{socket: "unix://" + dir + "/s", root: filepath.Join(dir, "data")}
	servers.StartEngine(t, dir, e.root, e.socket)

	busybox, err := os.ReadFile("/bin/busybox")
	if err != nil {
		t.Fatalf("busybox-static is missing: apt-get install busybox-static: %v", err)
	}
	var image bytes.Buffer
	tw := tar.NewWriter(&image)
	for _, name := range []string{"bin/busybox", "bin/sh"} {
		if err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(busybox))}); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(busybox); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	e.docker(t, &image, "import", "-", "busybox")
	return e
}

// docker runs the client and returns what it prints.
func (e *engine) docker(t *testing.T, stdin *bytes.Buffer, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker", append([]string{"-H", e.socket}, args...)...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestRealContainers collects from a real engine whose log files rotate while
// the containers write, and from lines that Docker cuts into parts.
func TestRealContainers(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	e := startEngine(t)
	m := newMachine(t)
	m.docker = e.root
	collector := m.collect(t, loki.URL)

	const n = 10000
	e.docker(t, nil, "run", "--detach", "--network=none", "--name=rotating",
		"--label=com.docker.compose.service=rotating", "--label=com.docker.compose.project=shop",
		"--log-opt=max-size=200k", "--log-opt=max-file=5", "busybox", "/bin/sh", "-c",
		`i=0; while [ $i -lt 10000 ]; do echo "INFO a line of some length, as lines are, number $i"; i=$((i+1)); [ $((i%100)) = 0 ] && busybox usleep 80000; done`)
	e.docker(t, nil, "run", "--network=none", "--name=long", "busybox", "/bin/sh", "-c",
		`busybox head -c 100000 /dev/zero | busybox tr '\0' x; echo; echo short >&2`)
	if code := e.docker(t, nil, "wait", "rotating"); code != "0" {
		t.Fatalf("the writing container ended with %s", code)
	}
	waitSettled(t, collector)

	rotating := servers.Query(t, loki.URL, `{service="rotating"}`)
	checkNumbers(t, "rotating container", rotating, n)
	wantLabels(t, rotating, map[string]string{"container": "rotating", "compose_project": "shop", "stream": "stdout", "level": "info"})
	long := servers.Query(t, loki.URL, `{container="long"}`)
	if len(long) != 2 || len(long[0].Line) != 100000 && len(long[1].Line) != 100000 {
		t.Errorf("a line of 100,000 bytes and a short one arrived as %d entries", len(long))
	}
	files, err := filepath.Glob(filepath.Join(e.root, "containers", "*", "*-json.log.*"))
	if err != nil || len(files) == 0 {
		t.Errorf("Docker rotated nothing (%v): the test shows nothing", err)
	}
}
