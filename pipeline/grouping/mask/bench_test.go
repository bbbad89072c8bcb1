package mask

import (
	"syscall"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/test/corpus"
)

// mixture returns lines of several programs: nginx, PostgreSQL, PgBouncer, syslog and
// an application.
func mixture(tb testing.TB) [][]byte {
	tb.Helper()
	var lines [][]byte
	for _, name := range []string{
		"level/testdata/nginx/access.log.gz", "level/testdata/nginx/error.log.gz", "level/testdata/pgbouncer/pgbouncer.log.gz",
		"level/testdata/syslog/syslog.gz", "level/testdata/syslog/auth.log.gz", "traceback/testdata/postgres/postgresql.log.gz",
		"traceback/testdata/own-runs/python.log.gz",
	} {
		for _, line := range corpus.Lines(tb, "../../"+name) {
			lines = append(lines, []byte(line))
		}
	}
	return lines
}

func TestNothingIsAllocatedForRealLines(t *testing.T) {
	lines := mixture(t)
	dst := make([]byte, 0, MaxLength)
	n := testing.AllocsPerRun(5, func() {
		for _, line := range lines {
			dst = Append(dst[:0], line)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for %d lines", n, len(lines))
	}
}

func BenchmarkAppend(b *testing.B) {
	lines := mixture(b)
	size := 0
	for _, l := range lines {
		size += len(l)
	}
	dst := make([]byte, 0, MaxLength)
	b.ReportAllocs()
	b.SetBytes(int64(size / len(lines)))
	i := 0
	start := cpuTime(b)
	for b.Loop() {
		dst = Append(dst[:0], lines[i%len(lines)])
		i++
	}
	b.ReportMetric(float64(b.N)/(cpuTime(b)-start).Seconds(), "lines/cpu-s")
}

// cpuTime is what this process has used; other load on the machine does not count.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
