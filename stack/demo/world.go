package main

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// world is the made-up installation: its log files, and what will happen next. Events in the past happen at once, those
// to come at their time; so the past and the present are written by the same code, in order of time.
type world struct {
	rng   *rand.Rand
	queue eventQueue
	begin time.Time // the first moment that is written

	backend   *container // text records, gunicorn
	next      *container // the backend's next version: JSON records
	pgbouncer *container
	database  *container
	access    *logFile // nginx
	errors    *logFile

	bugs   []bug
	outage outage
	err    error // the first failed write; ends run
}

// event is something that happens at a time and may plan more.
type event struct {
	at time.Time
	do func(at time.Time)
}

// eventQueue is a heap.Interface with the earliest event first.
type eventQueue []event

func (q eventQueue) Len() int           { return len(q) }
func (q eventQueue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q eventQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *eventQueue) Push(e any)        { *q = append(*q, e.(event)) }
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	*q = (*q)[:last]
	return e
}

// openWorld opens the logs in dir. A folder without logs begins backfill ago; one with logs goes on now.
func openWorld(dir string, backfill time.Duration, rng *rand.Rand) (*world, error) {
	dir, err := filepath.Abs(dir) // config.v2.json has absolute paths
	if err != nil {
		return nil, err
	}
	w := &world{rng: rng, begin: time.Now()}
	if _, err := os.Stat(filepath.Join(dir, "docker")); errors.Is(err, fs.ErrNotExist) {
		w.begin = w.begin.Add(-backfill)
	}
	if err := w.openContainers(filepath.Join(dir, "docker")); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if err := w.openNginx(filepath.Join(dir, "nginx")); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if w.bugs, err = loadBugs(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	if w.outage.failure, err = loadException("pool_timeout"); err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.plan()
	return w, nil
}

func (w *world) openContainers(root string) error {
	for _, c := range []struct {
		to                      **container
		service, image, command string
	}{
		{&w.backend, "backend", "tovplay/backend:1.42.0", "gunicorn"},
		{&w.next, "backend-next", "tovplay/backend:1.43.0-rc1", "gunicorn"},
		{&w.pgbouncer, "pgbouncer", "tovplay/pgbouncer:1.18", "pgbouncer"},
		{&w.database, "db", "postgres:15", "docker-entrypoint.sh"},
	} {
		opened, err := openContainer(root, c.service, c.image, c.command, w.begin)
		if err != nil {
			return fmt.Errorf("container %s: %w", c.service, err)
		}
		*c.to = opened
	}
	return nil
}

func (w *world) openNginx(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	var err error
	if w.access, err = openLogFile(filepath.Join(dir, "access.log"), maxFileSize, maxFiles); err != nil {
		return err
	}
	w.errors, err = openLogFile(filepath.Join(dir, "error.log"), maxFileSize, maxFiles)
	return err
}

// plan puts the first of everything that repeats on the queue.
func (w *world) plan() {
	w.at(w.begin, w.startGunicorn)
	w.at(w.begin, w.startPgbouncer)
	w.at(w.begin, w.startPostgres)
	w.every(1500*time.Millisecond, w.request)
	w.every(30*time.Second, w.healthCheck)
	w.every(60*time.Second, w.pgbouncerStats)
	w.every(20*time.Second, w.pgbouncerClient)
	w.every(5*time.Minute, w.checkpoint)
	w.every(3*time.Minute, w.slowQuery)
	w.every(17*time.Minute, w.deadlock)
	w.every(6*time.Minute, w.scan)
	w.every(4*time.Minute, w.bigNotification)
	w.every(20*time.Minute, w.startOutage)
	w.every(40*time.Minute, w.deploy)
}

// at plans do.
func (w *world) at(at time.Time, do func(time.Time)) { heap.Push(&w.queue, event{at, do}) }

// every plans do again and again, at random distances between half and one and a half of mean.
func (w *world) every(mean time.Duration, do func(time.Time)) {
	var again func(time.Time)
	again = func(at time.Time) {
		do(at)
		w.at(at.Add(w.between(mean/2, mean*3/2)), again)
	}
	w.at(w.begin.Add(w.between(0, mean)), again)
}

// between is a random duration from low to high.
func (w *world) between(low, high time.Duration) time.Duration {
	return low + time.Duration(w.rng.Int64N(int64(high-low)+1))
}

// run lets things happen until ctx ends or a write fails. It returns nil when ctx ended.
func (w *world) run(ctx context.Context) error {
	for w.err == nil {
		next := w.queue[0].at // never empty: every plans its successor
		if wait := time.Until(next); wait > 0 {
			if !sleep(ctx, wait) {
				return nil
			}
		} else if ctx.Err() != nil {
			return nil
		}
		e := heap.Pop(&w.queue).(event)
		e.do(e.at)
	}
	return w.err
}

// sleep waits and tells whether it waited to the end.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// log writes lines that a container's process wrote one right after the other. After a failed write it does nothing.
func (w *world) log(c *container, at time.Time, stream string, lines ...string) {
	for i, line := range lines {
		if w.err == nil {
			w.err = c.write(at.Add(time.Duration(i)*2100*time.Nanosecond), stream, line)
		}
	}
}

// nginx writes one line to one of nginx's files.
func (w *world) nginx(file *logFile, line string) {
	if w.err == nil {
		_, w.err = file.Write([]byte(line + "\n"))
	}
}

// close closes what was opened.
func (w *world) close() error {
	var problems []error
	for _, c := range []*container{w.backend, w.next, w.pgbouncer, w.database} {
		if c != nil && c.log != nil {
			problems = append(problems, c.log.Close())
		}
	}
	for _, file := range []*logFile{w.access, w.errors} {
		if file != nil {
			problems = append(problems, file.Close())
		}
	}
	return errors.Join(problems...)
}
