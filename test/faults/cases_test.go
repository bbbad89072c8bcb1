package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/tovtech/tovplay-logging/test/servers"
)

// cases is the table. Loki is for cases that leave it alone; narrow is one that
// takes 1 MB a second of a stream.
func cases(loki, narrow *servers.Process) []faultCase {
	storm := func(name string, during func(r *rig, ctx context.Context)) faultCase {
		return faultCase{name: "storm: " + name, run: func(r *rig) { stormed(r, loki, during) }}
	}
	answers := func(status int, retryAfter, text string) func(*rig, context.Context) {
		return func(r *rig, ctx context.Context) {
			r.fault(ctx, 8*time.Second, Fault{Kind: Answer, Status: status, RetryAfter: retryAfter, Text: text})
		}
	}
	const rateText = "Ingestion rate limit exceeded for user fake (limit: 1 bytes/sec)"
	rename := faultCase{name: "rename rotation, 3 files kept, sink slower than the writer for 10 s", alone: true, sizes: bothSizes, run: renameRotation}
	compress := faultCase{name: "compress on rotate, by logrotate", run: func(r *rig) { compressed(r, loki) }}
	kill := faultCase{name: "kill -9 at random instants under load", sizes: bothSizes, run: func(r *rig) { killed(r, loki) }}
	down := faultCase{name: "three rotations between a kill and a start", run: func(r *rig) { rotatedWhileDown(r, loki) }}
	return []faultCase{
		rename,
		{name: "copytruncate, regrown past the old offset at once", alone: true, sizes: bothSizes, run: copyTruncate},
		compress, kill, down,
		{name: "UTF-16 and compressed files: rotated while running and while killed", run: func(r *rig) { formats(r, loki) }},
		inEveryStage(rename), inEveryStage(compress), inEveryStage(kill), inEveryStage(down),
		{name: "Loki refuses connections while files rotate", sizes: bothSizes, run: func(r *rig) {
			refusedWhileRotating(r, loki, 2000, sized(time.Minute, soak()/6))
		}},
		{name: "Loki is away for an hour while files rotate", sizes: soakOnly, run: func(r *rig) {
			refusedWhileRotating(r, loki, 500, soak())
		}},
		{name: "Loki is killed while files rotate, and comes back", run: lokiKilled},
		{name: "reloads of stages, clients and ways of reading while files rotate", sizes: bothSizes, run: func(r *rig) { reloaded(r, loki) }},
		storm("429", answers(http.StatusTooManyRequests, "", rateText)),
		storm("429 with Retry-After", answers(http.StatusTooManyRequests, "1", rateText)),
		storm("500", answers(http.StatusInternalServerError, "", "rpc error: code = Unknown desc = disk trouble")),
		storm("401, 403 and 404", func(r *rig, ctx context.Context) {
			for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound} {
				r.fault(ctx, 3*time.Second, Fault{Kind: Answer, Status: status, Text: http.StatusText(status)})
			}
		}),
		storm("slow answers, some after the client has gone", func(r *rig, ctx context.Context) {
			r.fault(ctx, 5*time.Second, Fault{Kind: Slow, Delay: 2 * time.Second})
			r.fault(ctx, 8*time.Second, Fault{Kind: Slow, Delay: 6 * time.Second, Every: 3})
		}),
		storm("connection cut inside an answer", func(r *rig, ctx context.Context) {
			r.fault(ctx, 8*time.Second, Fault{Kind: Cut, Every: 2})
		}),
		storm("answer lost after Loki stored the batch, and a kill -9", func(r *rig, ctx context.Context) {
			r.fault(ctx, 6*time.Second, Fault{Kind: Lose, Every: 2})
			r.proxy.Set(Fault{Kind: Lose})
			pause(ctx, 2*time.Second)
			r.kill()
			r.start()
			r.fault(ctx, 2*time.Second, Fault{Kind: Lose, Every: 2})
		}),
		storm("no answer at all", func(r *rig, ctx context.Context) {
			r.fault(ctx, 8*time.Second, Fault{Kind: Hang})
		}),
		{name: "one hot stream above its rate limit and nine quiet ones, hot first", run: func(r *rig) { hotStream(r, narrow, "a") }},
		{name: "one hot stream above its rate limit and nine quiet ones, hot in the middle", run: func(r *rig) { hotStream(r, narrow, "m") }},
		{name: "one hot stream above its rate limit and nine quiet ones, hot last", run: func(r *rig) { hotStream(r, narrow, "z") }},
		{name: "one of 5,000 is too old", run: func(r *rig) {
			poisoned(r, loki, &Writer{Size: 120, Shift: -10 * 24 * time.Hour}, "greater_than_max_sample_age")
		}},
		{name: "one of 5,000 is too far behind its stream", run: func(r *rig) {
			poisoned(r, loki, &Writer{Size: 120, Shift: -3 * time.Hour}, "too_far_behind")
		}},
		{name: "one of 5,000 is from the future", run: func(r *rig) {
			poisoned(r, loki, &Writer{Size: 120, Shift: time.Hour}, "too_far_in_future")
		}},
		{name: "one of 5,000 has a label that Loki refuses", run: func(r *rig) {
			poisoned(r, loki, &Writer{Name: "mislabelled", Size: 4000}, "label_value_too_long")
		}},
		{name: "one of 5,000 is too long, and goes in parts", run: func(r *rig) {
			poisoned(r, loki, &Writer{Size: 700_000}, "")
		}},
		{name: "disk full under positions and queue, and kill -9", run: func(r *rig) { diskFull(r, loki) }},
		{name: "Docker: containers killed and started, engine restarted, lines of 64 KiB and 2 MiB", sizes: bothSizes, run: func(r *rig) { docker(r, loki) }},
		{name: "the collector's clock steps by an hour, forward and back", run: func(r *rig) { clockSteps(r, loki) }},
		{name: "1,000 files, 200 of them active", run: manyFiles},
		{name: "two clients, one of them dead", run: twoClients},
	}
}

// fault is in force for d.
func (r *rig) fault(ctx context.Context, d time.Duration, f Fault) {
	r.proxy.Set(f)
	pause(ctx, d)
	r.proxy.Set(Fault{})
}

func renameRotation(r *rig) {
	r.useSink()
	w := r.write(&Writer{Name: "app", Rate: sized(20_000, 50_000), Size: 120})
	r.start()
	r.writeFor(18*time.Second, func(ctx context.Context) {
		time.AfterFunc(3*time.Second, func() { r.sink.SetRate(float64(w.Rate) / 2) })
		time.AfterFunc(13*time.Second, func() { r.sink.SetRate(0) })
		every(ctx, sized(500*time.Millisecond, 200*time.Millisecond), func() { r.check(w.RenameRotate(3)) })
	})
	r.finish()
}

func copyTruncate(r *rig) {
	r.useSink()
	w := r.write(&Writer{Name: "app", Rate: sized(5000, 20_000), Size: 120})
	r.start()
	r.writeFor(15*time.Second, func(ctx context.Context) {
		before := 0
		every(ctx, time.Second, func() {
			written := w.Written()
			r.check(w.CopyTruncate(3, written-before+10)) // longer than it was
			before = written
		})
	})
	r.finish()
}

// compressed lets logrotate rotate and compress at once, while Loki is away and
// while the collector is down.
func compressed(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	w := r.write(&Writer{Name: "app", Rate: 2000, Size: 120})
	rotate := r.logrotate(w)
	r.start()
	r.writeDuring(func(ctx context.Context) {
		rotations := func(n int) {
			for range n {
				pause(ctx, time.Second)
				rotate()
			}
		}
		rotations(3)
		r.proxy.Set(Fault{Kind: Refuse})
		rotations(3)
		r.proxy.Set(Fault{})
		rotations(2)
		r.kill()
		rotations(3)
		r.start()
		rotations(2)
	})
	r.finish()
}

// logrotate returns a function that rotates a writer's log by the real program.
func (r *rig) logrotate(w *Writer) func() {
	r.t.Helper()
	reopen := r.path("reopen")
	config := servers.WriteFile(r.t, r.path("logrotate.conf"), fmt.Sprintf(`%s {
	rotate 20
	create
	compress
	nodelaycompress
	postrotate
		touch %[2]s
		while [ -e %[2]s ]; do sleep 0.01; done
	endscript
}
`, w.Path, reopen))
	program := servers.Debian(r.t, "logrotate", "logrotate")
	return func() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			out, err := exec.Command(program, "-f", "-s", r.path("logrotate.state"), config).CombinedOutput()
			if err != nil {
				r.t.Errorf("logrotate: %v\n%s", err, out)
			}
		}()
		// The program reopens its log when it is told to.
		for {
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
			if _, err := os.Stat(reopen); err == nil {
				r.check(w.Reopen())
				r.check(os.Remove(reopen))
			}
		}
	}
}

func killed(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	r.writeAllForms()
	r.start()
	r.writeDuring(func(ctx context.Context) {
		for range sized(10, 100) {
			pause(ctx, time.Duration(rand.IntN(2000))*time.Millisecond)
			r.kill()
			r.start()
		}
	})
	r.finish()
}

// writeAllForms adds a writer of each form.
func (r *rig) writeAllForms() {
	r.t.Helper()
	r.write(&Writer{Name: "own", Form: OwnTime, Rate: 1000, Size: 120})
	r.write(&Writer{Name: "read", Form: ReadTime, Rate: 1000, Size: 120})
	r.write(&Writer{Name: "trace", Form: Traceback, Rate: 50})
	r.write(&Writer{Name: "docker", Form: Docker, Rate: 20, Size: 40_000})
	r.write(&Writer{Name: "cri", Form: CRI, Rate: 20, Size: 40_000})
}

// reloaded changes what a reload can change: the stages of a job, the client, and
// how all files are read.
func reloaded(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	r.writeAllForms()
	change := []settings{
		{stages: `      - static_labels: {reload: "yes"}`},
		{stages: `      - static_labels: {reload: "yes"}`, backoff: "{min_period: 200ms, max_period: 2s}"},
		{top: "global: {file_watch_config: {min_poll_frequency: 100ms, max_poll_frequency: 200ms}}"},
		{},
	}
	r.start()
	reloads := 0
	r.writeFor(sized(20*time.Second, soak()/6), func(ctx context.Context) {
		every(ctx, 700*time.Millisecond, func() {
			r.configure(change[reloads%len(change)])
			r.check(syscall.Kill(r.collector.PID(), syscall.SIGHUP))
			if reloads++; reloads%3 == 0 {
				r.check(r.writers[0].RenameRotate(3))
				r.check(r.writers[1].RenameRotate(3))
			}
		})
	})
	r.finish()
	if n := servers.Metric(r.t, r.collector.URL+"/metrics", "promtail_config_reload_success_total"); n < reloads/2 {
		r.t.Errorf("%d of %d reloads took place", n, reloads)
	}
}

func rotatedWhileDown(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	r.writeAllForms()
	r.start()
	r.writeDuring(func(ctx context.Context) {
		pause(ctx, 3*time.Second)
		r.kill()
		for range 3 {
			pause(ctx, 500*time.Millisecond)
			for _, w := range r.writers {
				r.check(w.RenameRotate(5))
			}
		}
		pause(ctx, 500*time.Millisecond)
		r.start()
		pause(ctx, 3*time.Second)
	})
	r.finish()
}

// formats rotates files in UTF-16 and compressed ones, whose names the collector
// follows each by itself.
func formats(r *rig, loki *servers.Process) {
	r.useLoki(loki, nil)
	r.write(&Writer{Name: "wide", Form: Wide, Rate: 500, Size: 120})
	r.write(&Writer{Name: "packed", Form: Packed, Rate: 100, Size: 120})
	r.start()
	r.writeDuring(func(ctx context.Context) {
		rotations := func(n int) {
			for range n {
				pause(ctx, time.Second)
				for _, w := range r.writers {
					r.check(w.RenameRotate(20))
				}
			}
		}
		rotations(4)
		for range 3 {
			r.kill()
			rotations(2)
			r.start()
			rotations(2)
			pause(ctx, time.Duration(rand.IntN(2000))*time.Millisecond)
		}
	})
	r.finish()
}

// refusedWhileRotating is an outage in the middle of which the collector is
// killed.
func refusedWhileRotating(r *rig, loki *servers.Process, rate int, outage time.Duration) {
	r.useLoki(loki, nil)
	r.awayWhileRotating(rate, func(wait func(time.Duration)) {
		r.proxy.Set(Fault{Kind: Refuse})
		wait(outage / 2)
		r.kill()
		r.start()
		wait(outage / 2)
		r.proxy.Set(Fault{})
	})
}

func lokiKilled(r *rig) {
	loki := servers.Loki(r.t)
	r.useLoki(loki, nil)
	r.awayWhileRotating(2000, func(wait func(time.Duration)) {
		loki.Kill()
		wait(time.Minute)
		loki.Restart(r.t)
		loki.WaitReady(r.t, "/ready")
	})
}

// awayWhileRotating writes during an outage in which files are removed that
// were not read: the memory for lines does not hold them. Outage calls wait to
// let time pass, in which files rotate.
func (r *rig) awayWhileRotating(rate int, outage func(wait func(time.Duration))) {
	r.t.Helper()
	r.configure(settings{memory: "8MiB"})
	r.write(&Writer{Name: "own", Form: OwnTime, Rate: rate / 2, Size: 250})
	r.write(&Writer{Name: "read", Form: ReadTime, Rate: rate / 2, Size: 250})
	r.start()
	r.writeDuring(func(ctx context.Context) {
		const between = 3 * time.Second
		wait := func(d time.Duration) {
			for range int(d / between) {
				for _, w := range r.writers {
					r.check(w.RenameRotate(2))
				}
				pause(ctx, between)
			}
		}
		wait(between)
		outage(func(d time.Duration) {
			wait(d)
			// What is removed and not read is in the queue by now: a handle
			// would not survive a crash, and hides a full disk. The one that was
			// removed last stays open for a moment: its writer may go on.
			if _, removed := r.collector.Handles(r.t); removed > len(r.writers) {
				r.t.Errorf("%d removed files are held open during an outage", removed)
			}
		})
		wait(between)
	})
	r.finish()
}

// stormed writes while requests fail.
func stormed(r *rig, loki *servers.Process, during func(*rig, context.Context)) {
	r.useLoki(loki, nil)
	r.write(&Writer{Name: "own", Form: OwnTime, Rate: 1000, Size: 120})
	r.write(&Writer{Name: "read", Form: ReadTime, Rate: 200, Size: 120})
	r.start()
	r.writeDuring(func(ctx context.Context) {
		pause(ctx, 2*time.Second)
		during(r, ctx)
		pause(ctx, 2*time.Second)
	})
	r.finish()
	if r.proxy.Failed() == 0 {
		r.t.Error("not run: no request met the fault")
	}
}

// poisoned writes 5,000 records of which one is refused for a reason, or comes
// whole if there is none.
func poisoned(r *rig, loki *servers.Process, poison *Writer, reason string) {
	r.useLoki(loki, nil)
	r.configure(settings{stages: `
      - regex: {expression: '#mislabelled-\S+ (?P<bad>.+)'}
      - labels: {bad: }`})
	w := r.write(&Writer{Name: "app", Size: 120})
	if poison.Name == "" {
		poison.Name = "poison"
	}
	poison.Path = w.Path
	p := r.write(poison)
	for _, w := range r.writers {
		r.check(w.Reopen())
	}
	r.check(w.Burst(2500))
	r.check(p.Burst(1))
	r.check(w.Burst(2499))
	r.start()
	c := r.finish()
	id := poison.Name + "-0"
	switch got, found := c.quarantined[id]; {
	case reason == "" && found:
		r.t.Errorf("the record is in quarantine for %q, want it delivered", got)
	case reason != "" && got != reason:
		r.t.Errorf("the record is in quarantine for %q, want %q", got, reason)
	case len(c.quarantined) > 1:
		r.t.Errorf("%d records are in quarantine, want none but %s", len(c.quarantined), id)
	}
}

// diskFull fills the disk of positions and queue while Loki is away, and kills
// the collector.
func diskFull(r *rig, loki *servers.Process) {
	if os.Geteuid() != 0 {
		r.t.Skip("a small disk needs root")
	}
	r.useLoki(loki, nil)
	r.mountSmallDisk()
	r.configure(settings{memory: "8MiB"})
	own := r.write(&Writer{Name: "own", Form: OwnTime, Rate: 1000, Size: 250})
	read := r.write(&Writer{Name: "read", Form: ReadTime, Rate: 1000, Size: 250})
	r.start()
	r.writeDuring(func(ctx context.Context) {
		rotate := func() {
			r.check(own.RenameRotate(50))
			r.check(read.RenameRotate(50))
		}
		pause(ctx, 2*time.Second)
		r.proxy.Set(Fault{Kind: Refuse})
		pause(ctx, 13*time.Second) // long enough for the queue
		remove := r.fillDisk()
		rotate()
		pause(ctx, 3*time.Second)
		r.kill()
		r.start()
		pause(ctx, 2*time.Second)
		r.proxy.Set(Fault{}) // Loki is back before there is room
		pause(ctx, 3*time.Second)
		r.kill()
		r.start()
		rotate()
		pause(ctx, 2*time.Second)
		remove()
		pause(ctx, 2*time.Second)
	})
	r.finish()
}

// mountSmallDisk makes the folder of positions a disk of 4 MiB.
func (r *rig) mountSmallDisk() {
	r.t.Helper()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", r.state).CombinedOutput(); err != nil {
		r.t.Fatalf("mount: %v: %s", err, out)
	}
	r.t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", r.state).CombinedOutput(); err != nil {
			r.t.Errorf("umount: %v: %s", err, out)
		}
	})
}

// fillDisk takes all the room that is left and returns what gives it back.
func (r *rig) fillDisk() (remove func()) {
	r.t.Helper()
	path := r.state + "/filler"
	f, err := os.Create(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	zeros := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(zeros)
	}
	return func() { r.check(os.Remove(path)) }
}

// manyFiles reads 1,000 files, of which 200 are written to and rotate.
func manyFiles(r *rig) {
	r.useSink()
	for i := range 1000 {
		w := r.write(&Writer{Name: fmt.Sprintf("f%d", i), Form: ReadTime, Size: 120})
		if i%5 == 0 {
			w.Rate = 10
			continue
		}
		r.check(w.Reopen())
		r.check(w.Burst(1))
		w.file.Close()
	}
	r.start()
	handles := 0
	r.writeFor(15*time.Second, func(ctx context.Context) {
		i := 0
		every(ctx, 50*time.Millisecond, func() {
			r.check(r.writers[i%1000].RenameRotate(2))
			i += 5
			open, _ := r.collector.Handles(r.t)
			handles = max(handles, open)
		})
	})
	r.finish()
	r.t.Logf("at most %d handles were open", handles)
	if most := 1000 + 200 + 50; handles > most {
		r.t.Errorf("%d handles were open, at most %d for 1,000 files of which 200 rotate", handles, most)
	}
}

// twoClients sends to a living and to a dead server, more than memory holds.
func twoClients(r *rig) {
	r.useSink()
	dead := NewSink(r.t)
	proxy := NewProxy(r.t, dead.URL, nil)
	proxy.Set(Fault{Kind: Refuse})
	r.configure(settings{memory: "8MiB", clients: fmt.Sprintf(`
  - name: dead
    url: %s/loki/api/v1/push
    timeout: 5s
    backoff_config: {min_period: 100ms, max_period: 2s}`, proxy.URL)})
	const writing = 20 * time.Second
	w := r.write(&Writer{Name: "app", Rate: 3000, Size: 400})
	r.start()
	r.writeFor(writing, func(context.Context) {})
	r.finish()
	r.t.Logf("the living client's slowest entry took %s", r.sink.Slowest())
	if got := r.sink.Slowest(); got > writing/2 {
		r.t.Errorf("the living client's slowest entry took %s: the dead one held it up", got)
	}
	proxy.Set(Fault{})
	since, before := time.Now(), -1
	for dead.Distinct() < w.Written() && time.Since(since) < idleLimit {
		if n := dead.Distinct(); n != before {
			since, before = time.Now(), n
		}
		pause(r.t.Context(), checkEvery)
	}
	if got := dead.Distinct(); got != w.Written() {
		r.t.Errorf("when the dead client's server came back it got %d of %d records", got, w.Written())
	}
}
