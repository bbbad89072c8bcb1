package mask

import "testing"

func TestNumbersAreMasked(t *testing.T) {
	if got, want := string(Append(nil, []byte("took 15 of 2"))), "took <num> of <num>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
