package main

import (
	"errors"
	"testing"

	"github.com/tovtech/tovplay-logging/internal/loki"
)

func TestTheProbeOfLokiSaysWhyInWordsOfItsOwn(t *testing.T) {
	for _, test := range []struct {
		err  error
		want string
	}{
		{&loki.Error{Code: loki.CodeUnavailable, Message: "Loki does not answer; check that it runs"}, "check that it runs"},
		{&loki.Error{Code: loki.CodeTimeout, Message: "Loki did not answer in time; shorten the time range"}, "no answer in time; check that it is not overloaded"},
		{errors.New("other"), "other"},
	} {
		if got := probeWords(test.err); got.Error() != test.want {
			t.Errorf("%v: got %v, want %s", test.err, got, test.want)
		}
	}
	if got := probeWords(nil); got != nil {
		t.Errorf("ready: got %v", got)
	}
}
