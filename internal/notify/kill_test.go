package notify

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// killed is how many issues happen while the process is killed again and again.
const killed = 40

// childDir names the data folder to the process that is killed.
const childDir = "NOTIFY_TEST_CHILD_DIR"

// TestChildOfTheKillTest is the process that is killed: it tells of issues, each
// taken in a transaction of its own, until it is.
func TestChildOfTheKillTest(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		return
	}
	r := openRig(t, dir)
	for i := range killed {
		r.change(NewIssue, int64(i), strconv.Itoa(i))
	}
	wait, whole := r.Issues.Wait, r.Issues.After
	r.Issues.Wait = func(ctx context.Context, seq int64) error {
		pause(ctx, 3*time.Millisecond, nil) // so that it is sent between them
		return wait(ctx, seq)
	}
	r.Issues.After = func(ctx context.Context, seq int64, _ int) ([]Change, error) { return whole(ctx, seq, 1) }
	if err := r.Run(t.Context()); err != nil {
		t.Error(err)
	}
}

// child is the process, which can be killed from everywhere.
type child struct {
	mu  sync.Mutex
	cmd *exec.Cmd
}

func (c *child) start(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cmd = exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildOfTheKillTest$")
	c.cmd.Env = append(os.Environ(), childDir+"="+dir)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return c.cmd
}

func (c *child) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cmd.Process.Kill() // it may be gone already
}

// Whenever the process is killed, before the receiver's answer or after it, each
// issue is in exactly one message by its key, and a message that comes again is
// the same.
func TestAKilledProcessNeitherLosesNorDoubles(t *testing.T) {
	dir := t.TempDir()
	r, x := openRig(t, dir), newReceiver(t)
	r.add(webhookTo(x.URL))
	if _, err := r.cursor(t.Context()); err != nil {
		t.Fatal(err)
	}
	var process child
	all := make(chan struct{})
	var done sync.Once
	messages := 0
	var counting sync.Mutex
	x.answers(func(w http.ResponseWriter, request *http.Request) {
		counting.Lock()
		defer counting.Unlock()
		messages++
		switch messages % 6 {
		case 1: // before it knows
			process.kill()
			<-request.Context().Done()
		case 3: // while it notes it
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			process.kill()
		}
		if x.issues(t) == killed {
			done.Do(func() { close(all) })
		}
	})
	starts := 0
	for ; ; starts++ {
		cmd := process.start(t, dir)
		ended := make(chan struct{})
		go func() { defer close(ended); cmd.Wait() }() // it is killed: an error is expected
		select {
		case <-all:
			process.kill()
			<-ended
		case <-ended:
			continue
		}
		break
	}
	repeated := len(x.raw) - len(x.byKey(t))
	t.Logf("%d messages, %d of them again, by %d processes", len(x.raw), repeated, starts+1)
	if starts == 0 || repeated == 0 {
		t.Errorf("nothing was killed while it mattered")
	}
	var got []int64
	for _, body := range x.byKey(t) {
		for _, e := range body.Events {
			got = append(got, e.Issue)
		}
	}
	slices.Sort(got)
	for i := range max(killed, len(got)) {
		if i >= len(got) || got[i] != int64(i) {
			t.Fatalf("told of the issues %d, want each of %d once", got, killed)
		}
	}
}

// byKey returns the messages by their keys, and checks that those with one key
// are the same.
func (x *receiver) byKey(t *testing.T) map[string]webhookBody {
	x.mu.Lock()
	defer x.mu.Unlock()
	raw, bodies := map[string]string{}, map[string]webhookBody{}
	for i, body := range x.got {
		if known, ok := raw[body.ID]; ok && known != x.raw[i] {
			t.Errorf("message %s came as\n%s\nand as\n%s", body.ID, known, x.raw[i])
		}
		raw[body.ID], bodies[body.ID] = x.raw[i], body
	}
	return bodies
}

// issues returns how many different issues were told.
func (x *receiver) issues(t *testing.T) int {
	told := map[int64]bool{}
	for _, body := range x.byKey(t) {
		for _, e := range body.Events {
			told[e.Issue] = true
		}
	}
	return len(told)
}
