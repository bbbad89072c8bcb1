package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// containerScript writes records: name, bytes of filler, digits of a record's
// length, short records after each, microseconds between, and before a long
// record's end, so that a kill cuts some. The name ends with how often the
// container was started, so that numbers begin at 0.
const containerScript = `
name=$1 size=$2 digits=$3 shorts=$4 between=$5 within=$6
started=$(busybox cat /started 2>/dev/null || echo 0); started=$((started+1)); echo $started >/started
long=$(busybox head -c $size /dev/zero | busybox tr '\0' x); short=$(busybox head -c 100 /dev/zero | busybox tr '\0' y)
i=0
record() {
	id=$name$started-$i; i=$((i+1))
	echo -n "#$id:$((5+$2+2*${#id}+${#1})) $1"
	[ $3 = 0 ] || busybox usleep $3
	echo " $id~"
}
while :; do
	record "$long" $digits $within
	j=0; while [ $j -lt $shorts ]; do record "$short" 3 0; j=$((j+1)); done
	busybox usleep $between
done
`

// docker collects from a real engine whose containers are killed and started
// again, as is the engine.
func docker(r *rig, loki *servers.Process) {
	engine := servers.DockerEngine(r.t)
	r.useLoki(loki, nil)
	r.configure(settings{docker: engine.Root})
	run := func(name string, args ...string) {
		engine.Docker(r.t, append([]string{
			"run", "--detach", "--network=none", "--name=" + name, "--log-opt=max-size=20m", "--log-opt=max-file=100",
			"busybox", "/bin/sh", "-c", containerScript, "writer", name,
		}, args...)...)
	}
	names := []string{"medium", "huge"}
	run("medium", "65536", "5", "10", "50000", "0")
	run("huge", fmt.Sprint(2<<20), "7", "3", "300000", "300000")
	if soak() > 0 {
		names = append(names, "silent")
		run("silent", "100", "3", "1", fmt.Sprint(soak().Microseconds()), "0")
	}
	r.start()
	restarts := sized(10, 50)
	ctx := context.Background()
	for i := range restarts {
		pause(ctx, 1500*time.Millisecond)
		if i == restarts/2 {
			engine.Restart(r.t)
		} else {
			engine.Docker(r.t, append([]string{"stop", "-t", "0"}, names[:2]...)...)
		}
		engine.Docker(r.t, append([]string{"start"}, names...)...) // one that runs goes on
	}
	if soak() > 0 { // the others would write for all of the hour
		engine.Docker(r.t, append([]string{"stop", "-t", "0"}, names[:2]...)...)
		pause(ctx, soak()*13/12)
	}
	engine.Docker(r.t, append([]string{"stop", "-t", "0"}, names...)...)
	r.countDockerLogs(engine.Root)
	r.finish()
}

// countDockerLogs counts the records in all logs of an engine, and the lines
// that are none because their container was killed.
func (r *rig) countDockerLogs(root string) {
	r.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(root, "containers", "*"))
	r.check(err)
	for _, dir := range dirs {
		lines := dockerLines(r, filepath.Join(dir, filepath.Base(dir)+"-json.log"))
		for _, line := range lines {
			if _, _, ok := parseRecord(line); ok {
				r.extra++
			} else {
				r.cut++
			}
		}
	}
	r.t.Logf("Docker has %d whole lines and %d that a kill cut", r.extra, r.cut)
}

// dockerLines reads a container's log with its rotated generations. Parts of a
// line have one time and all but the last have no newline.
func dockerLines(r *rig, path string) []string {
	r.t.Helper()
	paths, err := filepath.Glob(path + "*")
	r.check(err)
	slices.SortFunc(paths, func(a, b string) int { return generationNumber(b) - generationNumber(a) })
	var lines []string
	open, at := "", time.Time{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		r.check(err)
		for record := range strings.Lines(string(text)) {
			var part struct {
				Log  string
				Time time.Time
			}
			r.check(json.Unmarshal([]byte(record), &part))
			if open != "" && !part.Time.Equal(at) {
				lines = append(lines, open)
				open = ""
			}
			open, at = open+part.Log, part.Time
			if line, whole := strings.CutSuffix(open, "\n"); whole {
				lines = append(lines, line)
				open = ""
			}
		}
	}
	if open != "" {
		lines = append(lines, open)
	}
	return lines
}

// generationNumber is the number behind a rotated log's name, 0 for none.
func generationNumber(path string) int {
	n := 0
	fmt.Sscan(path[strings.LastIndexByte(path, '.')+1:], &n)
	return n
}
