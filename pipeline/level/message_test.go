package level

import "testing"

func TestMessageIsWhatStandsBehindTheLoggersPrefix(t *testing.T) {
	for _, test := range []struct{ line, logger, message string }{
		{"12:00:01 | ERROR | order 7 failed", "", "order 7 failed"},
		{"12:00:01 | ERROR    | shop.cart            | order 7 failed", "shop.cart", "order 7 failed"},
		{"2026-03-01 12:00:01 | ERROR    | root                 | add:12 | order 7 failed", "root", "order 7 failed"},
		{"12:00:01 | ERROR | timeout | retrying", "", "timeout | retrying"},
		{"2026-03-01 10:00:00,123 ERROR order 7 failed", "", "order 7 failed"},
		{"2026-03-01 10:00:00,123 - shop - ERROR - order 7 failed", "", "order 7 failed"},
		{"ERROR:shop.cart:order 7 failed", "shop.cart", "order 7 failed"},
		{"[2026-03-01 10:00:00 +0000] [7] [CRITICAL] WORKER TIMEOUT (pid:13)", "", "WORKER TIMEOUT (pid:13)"},
		{"2026-03-01 10:00:00.123 ERROR 1234 --- [exec-1] c.e.shop.Handler : order 7 failed", "c.e.shop.Handler", "order 7 failed"},
		{"10:00:00.123 [main] ERROR c.e.shop.Handler - order 7 failed", "c.e.shop.Handler", "order 7 failed"},
		{"2026-03-01T10:00:00.123Z ERROR 1 --- [shop] [exec-1] o.a.c.C.[.[/].[servlet]    : order 7 failed", "o.a.c.C.[.[/].[servlet]", "order 7 failed"},
		{"2026-03-01 10:00:00 ERROR payment - order 7 failed", "", "payment - order 7 failed"},
		{"2026-03-01 10:00:00 ERROR [main] c.e.Handler - order 7 failed", "c.e.Handler", "order 7 failed"},
		{"E1123 21:54:54.123456    1 file.go:12] order 7 failed", "", "order 7 failed"},
		{"<11>Nov 22 21:54:54 web1 shop[12]: order 7 failed", "shop", "order 7 failed"},
		{"Nov 22 21:54:54 web1 shop[12]: 21:54:54 | ERROR | order 7 failed", "shop", "order 7 failed"},
		{"2026-11-22T21:54:54.123456+00:00 web1 kernel: Out of memory: Killed process 7 (shop)", "kernel", "Out of memory: Killed process 7 (shop)"},
		{"2026/03/01 10:00:07 order 7 failed", "", "order 7 failed"},
		{"Error: order 7 failed", "", "Error: order 7 failed"},
		{"order 7 failed", "", "order 7 failed"},
		{"  ", "", ""},
		{"", "", ""},
	} {
		logger, message := Message([]byte(test.line))
		if string(logger) != test.logger || string(message) != test.message {
			t.Errorf("%q: got %q and %q, want %q and %q", test.line, logger, message, test.logger, test.message)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("12:00:01 | ERROR    | shop.cart            | add:12 | order 7 failed")
	f.Add("<11>1 2026-11-22T21:54:54Z web1 shop 12 - - x")
	f.Add("2026-03-01 10:00:00.123 ERROR 1234 --- [exec-1] c.e.Handler : x")
	f.Fuzz(func(t *testing.T, line string) {
		logger, message := Message([]byte(line))
		if len(logger)+len(message) > len(line) {
			t.Errorf("%q and %q are more than %q", logger, message, line)
		}
	})
}
