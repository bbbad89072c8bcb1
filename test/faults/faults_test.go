package faults

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// TestMain lets cases that mostly wait run beside each other, whatever the
// number of cores.
func TestMain(m *testing.M) {
	flag.Parse()
	flag.Set("test.parallel", "6")
	os.Exit(m.Run())
}

// soak is how long an hour of the long sizes is, 0 if they do not run.
var soak = sync.OnceValue(func() time.Duration {
	text := os.Getenv("SOAK")
	if text == "" {
		return 0
	}
	hour, err := time.ParseDuration(text)
	if err != nil || hour < time.Minute {
		panic(fmt.Sprintf("SOAK=%s is not a time such as 1h, of a minute or more", text))
	}
	return hour
})

// sized is a size for CI, or the one of make soak.
func sized[T any](ci, long T) T {
	if soak() > 0 {
		return long
	}
	return ci
}

// faultCase is a row of the table.
type faultCase struct {
	name  string
	alone bool // it measures a rate: nothing else runs meanwhile
	sizes sizes
	run   func(r *rig)
}

// sizes says for which size a case runs.
type sizes int

const (
	ciOnly sizes = iota
	bothSizes
	soakOnly
)

func (c faultCase) runs() bool {
	return c.sizes == bothSizes || (soak() > 0) == (c.sizes == soakOnly)
}

func TestFaults(t *testing.T) {
	for i, c := range cases(servers.Loki(t), servers.LokiWith(t,
		"per_stream_rate_limit: 16MB", "per_stream_rate_limit: 1MB",
		"per_stream_rate_limit_burst: 64MB", "per_stream_rate_limit_burst: 2MB")) {
		if !c.runs() {
			continue
		}
		t.Run(slug(c.name), func(t *testing.T) {
			if !c.alone {
				t.Parallel()
			}
			r := newRig(t, Result{Order: i + 1, Case: c.name, Size: sized("CI", "soak"), Cores: runtime.NumCPU()})
			defer r.report()
			c.run(r)
		})
	}
}

// report prints the row, and saves it where FAULTS_OUT says.
func (r *rig) report() {
	r.result.Failed = r.t.Failed()
	r.t.Logf("%s", r.result.row())
	if dir := os.Getenv("FAULTS_OUT"); dir != "" {
		r.check(r.result.Save(dir))
	}
}
