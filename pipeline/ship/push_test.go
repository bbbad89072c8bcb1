package ship

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// push pushes lines of one stream and returns what each was answered: stored, a
// reason, or nothing.
func (r *rig) push(lines ...string) (answers []string, err error) {
	r.t.Helper()
	box := pipeline.NewOutbox(
		pipeline.Limits{BatchBytes: pipeline.MaxBatchBytes, LineBytes: pipeline.MaxLineBytes}, pipeline.NewBudget(1<<30), 1,
		func(b *pipeline.Batch) {
			defer b.Done()
			var got []Answer
			got, err = r.client.Push(context.Background(), b)
			for _, a := range got {
				switch {
				case a.Stored:
					answers = append(answers, "stored")
				case a.Err == nil:
					answers = append(answers, "")
				default:
					answers = append(answers, a.Reason)
				}
			}
		})
	for i, line := range lines {
		box.Add(r.stream("a"), &pipeline.Entry{
			Line: []byte(line), Time: int64(i+1) * 1_000_000_000, Meta: []pipeline.Field{{Name: "n", Value: []byte("1")}},
		}, time.Now())
	}
	box.Flush()
	return answers, err
}

func (r *rig) wantPushed(want string, wantErr string, lines ...string) {
	r.t.Helper()
	got, err := r.push(lines...)
	if text := strings.Join(got, ","); text != want {
		r.t.Errorf("answers %q, want %q", text, want)
	}
	if err == nil && wantErr != "" || err != nil && (wantErr == "" || !strings.Contains(err.Error(), wantErr)) {
		r.t.Errorf("error %v, want %q", err, wantErr)
	}
}

func TestPushTellsTheRefusedEntriesFromTheStored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(refuse("bad", "Max entry size exceeded"))
		r.wantPushed("stored,stored,line_too_long,stored", "", "1", "2", "bad", "4")
		r.wantStored("a", "1", "2", "4")
	})
}

func TestPushTellsEntriesOfRefusedTimesByTheAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(got *received) answer {
			if got.lines[0] == "1000000000|1|n=1" {
				return answer{status: 400, text: "entry too far behind, oldest acceptable timestamp is: 1970-01-01T00:00:03Z"}
			}
			return answer{}
		})
		r.wantPushed("too_far_behind,too_far_behind,stored", "", "1", "2", "3")
		if r.requests() != 2 {
			t.Errorf("%d requests", r.requests())
		}
	})
}

func TestPushHalvesWhatIsTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(got *received) answer {
			if len(got.lines) > 1 || strings.Contains(got.lines[0], "huge") {
				return answer{status: http.StatusRequestEntityTooLarge}
			}
			return answer{}
		})
		r.wantPushed("stored,too_large,stored", "", "1", "huge", "3")
	})
}

func TestPushWaitsWhereLokiLimitsTheRate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		tries := 0
		r.sink.say(func(*received) answer {
			if tries++; tries < 3 {
				return answer{status: 429, header: http.Header{"Retry-After": {"7"}}}
			}
			return answer{}
		})
		start := time.Now()
		r.wantPushed("stored,stored", "", "1", "2")
		if took := time.Since(start); took != 14*time.Second {
			t.Errorf("took %v", took)
		}
		r.sink.say(func(got *received) answer {
			if len(got.lines) > 1 { // more than the burst limit
				return answer{status: 429}
			}
			return answer{}
		})
		r.wantPushed("stored,stored", "", "3", "4")
		r.sink.say(func(*received) answer { return answer{status: 429} })
		r.wantPushed(",", "429", "1", "2")
	})
}

func TestPushLeavesMetadataOutWhereLokiRefusesIt(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.say(func(got *received) answer {
			if strings.HasSuffix(got.lines[0], "n=1") {
				return answer{status: 400, text: "structured metadata is disallowed"}
			}
			return answer{}
		})
		r.wantPushed("stored,stored", "", "1", "2")
	})
}

func TestPushStopsWhereLokiDoesNotAnswer(t *testing.T) {
	for status, want := range map[int]string{401: "refuses the credentials", 500: "answers 500", 503: "answers 503", 260: "blocked ingestion"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, nil)
				r.sink.say(func(*received) answer { return answer{status: status, text: "no"} })
				r.wantPushed(",", want, "1", "2")
			})
		})
	}
	bubble(t, func(t *testing.T) {
		r := newRig(t, nil)
		r.sink.listener.setShut(true)
		r.wantPushed(",", "cannot be reached", "1", "2")
	})
}
