package faults

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// clockSteps sets the collector's clock forward and back by an hour while it
// runs. Loki's own is right all the time.
func clockSteps(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	r.program = r.buildWithClock()
	r.began = time.Now()
	r.setClock(0)
	r.write(&Writer{Name: "own", Form: OwnTime, Rate: 500, Size: 120})
	r.write(&Writer{Name: "read", Form: ReadTime, Rate: 500, Size: 120})
	r.write(&Writer{Name: "docker", Form: Docker, Rate: 20, Size: 40_000})
	r.start()
	r.writeDuring(func(ctx context.Context) {
		for _, step := range []time.Duration{0, time.Hour, 0, -time.Hour, 0} {
			r.setClock(step)
			pause(ctx, 3*time.Second)
		}
	})
	if c := r.finish(); len(c.quarantined) > 0 {
		r.t.Errorf("%d records are in quarantine, want none: their times are right, or were the collector's to choose", len(c.quarantined))
	}
}

// setClock steps the collector's wall clock to a distance from the right time.
func (r *rig) setClock(off time.Duration) {
	r.t.Helper()
	temp := servers.WriteFile(r.t, r.path("clock.new"), strconv.Itoa(int(off/time.Second)))
	r.check(os.Rename(temp, r.path("clock")))
}

// buildWithClock builds the collector with a wall clock that can be stepped,
// and returns its path. The standard library's package time is replaced by one
// that adds seconds to the wall clock, and to it alone: timers and durations
// stay right, as when a real clock is set. The program itself is not changed.
func (r *rig) buildWithClock() string {
	r.t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	r.check(err)
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	text, err := os.ReadFile(original)
	if err != nil {
		r.t.Fatal(err)
	}
	const reading = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if !strings.Contains(string(text), reading) {
		r.t.Fatalf("not run: %s reads the clock in another way than this test knows", original)
	}
	stepped := strings.Replace(string(text), reading, reading+"\tsec += WallStep.Load()\n", 1)
	main := filepath.Join(servers.Root(r.t), "cmd", "collector", "clock_overlay.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		original: servers.WriteFile(r.t, r.path("overlay/time.go"), stepped),
		filepath.Join(filepath.Dir(original), "step.go"): servers.WriteFile(r.t, r.path("overlay/step.go"),
			"package time\n\nimport \"sync/atomic\"\n\nvar WallStep atomic.Int64 // seconds\n"),
		main: servers.WriteFile(r.t, r.path("overlay/main.go"), clockSource),
	}})
	r.check(err)
	program := r.path("collector")
	cmd := exec.Command("go", "build", "-p=1", "-overlay="+servers.WriteFile(r.t, r.path("overlay.json"), string(overlay)), "-o", program, "./cmd/collector")
	cmd.Dir = servers.Root(r.t)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Fatalf("build the collector with a clock: %v\n%s", err, out)
	}
	return program
}

// clockSource follows the file "clock" in the collector's working folder.
const clockSource = `package main

import (
	"os"
	"strconv"
	"time"
)

func init() {
	read := func() {
		if text, err := os.ReadFile("clock"); err == nil {
			if sec, err := strconv.ParseInt(string(text), 10, 64); err == nil {
				time.WallStep.Store(sec)
			}
		}
	}
	read()
	go func() {
		for range time.Tick(10 * time.Millisecond) {
			read()
		}
	}()
}
`
