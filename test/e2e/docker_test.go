package e2e

import (
	"path/filepath"
	"testing"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestRealContainers collects from a real engine whose log files rotate while
// the containers write, and from lines that Docker cuts into parts.
func TestRealContainers(t *testing.T) {
	t.Parallel()
	loki := servers.Loki(t)
	e := servers.DockerEngine(t)
	m := newMachine(t)
	m.docker = e.Root
	collector := m.collect(t, loki.URL)

	const n = 10000
	e.Docker(t, "run", "--detach", "--network=none", "--name=rotating",
		"--label=com.docker.compose.service=rotating", "--label=com.docker.compose.project=shop",
		"--log-opt=max-size=200k", "--log-opt=max-file=5", "busybox", "/bin/sh", "-c",
		`i=0; while [ $i -lt 10000 ]; do echo "INFO a line of some length, as lines are, number $i"; i=$((i+1)); [ $((i%100)) = 0 ] && busybox usleep 80000; done`)
	e.Docker(t, "run", "--network=none", "--name=long", "busybox", "/bin/sh", "-c",
		`busybox head -c 100000 /dev/zero | busybox tr '\0' x; echo; echo short >&2`)
	if code := e.Docker(t, "wait", "rotating"); code != "0" {
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
	files, err := filepath.Glob(filepath.Join(e.Root, "containers", "*", "*-json.log.*"))
	if err != nil || len(files) == 0 {
		t.Errorf("Docker rotated nothing (%v): the test shows nothing", err)
	}
}
