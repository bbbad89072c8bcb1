package grouping

import (
	"fmt"
	"strings"
	"testing"
)

// render is what was read of an event, a line for each exception and frame.
func render(r *Result) string {
	var b strings.Builder
	if len(r.Message) > 0 && string(r.Message) != string(r.Value) {
		fmt.Fprintf(&b, "message %s\n", r.Message)
	}
	for i, e := range r.Exceptions {
		name := string(e.Type)
		if len(e.Module) > 0 {
			name = string(e.Module) + " " + name
		}
		fmt.Fprintf(&b, "%d %v of %d: %s: %s\n", i, e.Relation, e.Parent, name, strings.ReplaceAll(string(e.Value), "\n", "↵"))
		renderFrames(&b, e.Frames)
	}
	renderFrames(&b, r.Stack)
	return b.String()
}

func renderFrames(b *strings.Builder, frames []Frame) {
	for _, f := range frames {
		fmt.Fprintf(b, "  %s in %s:%d", f.Module, f.Function, f.Line)
		if f.Repeats > 0 {
			fmt.Fprintf(b, " +%d", f.Repeats)
		}
		if why := f.Origin.String(); why != "" {
			fmt.Fprintf(b, " (%s)", why)
		}
		b.WriteByte('\n')
	}
}

type parseCase struct{ name, text, want string }

func runParseCases(t *testing.T, cases []parseCase) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, want := render(group(strings.TrimPrefix(c.text, "\n"))), strings.TrimPrefix(c.want, "\n")
			if got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestPython(t *testing.T) {
	runParseCases(t, []parseCase{
		{"record with PEP 657 markers", `
12:00:01 | ERROR | checkout failed
Traceback (most recent call last):
  File "/app/src/shop/cart.py", line 12, in checkout
    total = price(item) / item["n"]
            ~~~~~~~~~~~~^~~~~~~~~~~
  File "/usr/lib/python3.11/decimal.py", line 3, in price
    return x
ZeroDivisionError: division by zero
`, `
message checkout failed
0 raised of 0: ZeroDivisionError: division by zero
  src/shop/cart in checkout:12
  decimal in price:3 (standard library or runtime)
`},
		{"chain of direct cause and context", `
Traceback (most recent call last):
  File "/srv/shop/db.py", line 4, in get
    return rows[0]
IndexError: list index out of range

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/users.py", line 9, in load
    raise NotFound(uid) from e
shop.errors.NotFound: user 7

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/shop/api.py", line 30, in show
    log(uid)
  File "/srv/shop/venv/lib/python3.12/site-packages/flask/app.py", line 2, in log
    x
KeyError: 'uid'
`, `
0 raised of 0: KeyError: 'uid'
  api in show:30
  flask/app in log:2 (installed library)
1 context of 0: shop.errors NotFound: user 7
  users in load:9
2 cause of 1: IndexError: list index out of range
  db in get:4
`},
		{"exception group with a chain inside", `
  + Exception Group Traceback (most recent call last):
  |   File "/app/jobs.py", line 6, in main
  |     raise ExceptionGroup("jobs", errors)
  | ExceptionGroup: jobs (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/jobs.py", line 2, in a
    |     1/0
    | ZeroDivisionError: division by zero
    |
    | The above exception was the direct cause of the following exception:
    |
    | Traceback (most recent call last):
    |   File "/app/jobs.py", line 3, in a
    |     raise ValueError("two\nlines") from e
    | ValueError: two
    | lines
    +---------------- 2 ----------------
    | KeyError: 'k'
    +------------------------------------
`, `
0 raised of 0: ExceptionGroup: jobs (2 sub-exceptions)
  jobs in main:6
1 member of 0: ValueError: two↵lines
  jobs in a:3
2 cause of 1: ZeroDivisionError: division by zero
  jobs in a:2
3 member of 0: KeyError: 'k'
`},
		{"SyntaxError in a module of the application", `
Traceback (most recent call last):
  File "/app/run.py", line 1, in <module>
    import plugin
  File "/app/plugin.py", line 3
    def f(:
          ^
SyntaxError: invalid syntax
`, `
0 raised of 0: SyntaxError: invalid syntax
  run in <module>:1
  plugin in :0
`},
		{"recursion", `
Traceback (most recent call last):
  File "/app/tree.py", line 9, in <module>
    walk(0)
  File "/app/tree.py", line 5, in walk
    return walk(n + 1)
  File "/app/tree.py", line 5, in walk
    return walk(n + 1)
  File "/app/tree.py", line 5, in walk
    return walk(n + 1)
  [Previous line repeated 993 more times]
RecursionError: maximum recursion depth exceeded
`, `
0 raised of 0: RecursionError: maximum recursion depth exceeded
  tree in <module>:9
  tree in walk:5 +995
`},
		{"indented, inside an entry of several lines", `
2026-03-01 10:00:00,123 ERROR worker said:
    Traceback (most recent call last):
      File "/app/a.py", line 1, in f
        x
    ValueError: inner
      second line
`, `
message worker said:
0 raised of 0: ValueError: inner↵      second line
  a in f:1
`},
		{"a message that quotes a traceback", `
12:00:01 | ERROR | job failed: worker said:
Traceback (most recent call last):
  File "quoted.py", line 3, in main
KeyError: 'quoted'
Traceback (most recent call last):
  File "/app/real.py", line 8, in run
    raise RuntimeError(text)
RuntimeError: worker said:
Traceback (most recent call last):
  File "quoted.py", line 3, in main
KeyError: 'quoted'
`, `
message job failed: worker said:
Traceback (most recent call last):
  File "quoted.py", line 3, in main
KeyError: 'quoted'
0 raised of 0: RuntimeError: worker said:↵Traceback (most recent call last):↵  File "quoted.py", line 3, in main↵KeyError: 'quoted'
  real in run:8
`},
		{"a record that could not be logged", `
--- Logging error ---
Traceback (most recent call last):
  File "/usr/lib/python3.11/logging/__init__.py", line 1110, in emit
    msg = self.format(record)
TypeError: not all arguments converted during string formatting
Call stack:
  File "/usr/bin/gunicorn", line 33, in <module>
    run()
  File "/app/shop/mail.py", line 7, in send
    log.error("sent", to)
Message: 'sent'
Arguments: ('x',)
`, `
message --- Logging error ---
0 raised of 0: TypeError: not all arguments converted during string formatting
  logging in emit:1110 (standard library or runtime)
  shop/mail in send:7
`},
		{"cut off before the exception", `
12:00:01 | ERROR | failed
Traceback (most recent call last):
  File "/app/a.py", line 1, in f
    x
`, `
message failed
0 raised of 0: : 
  a in f:1
`},
		{"cut off before the header", `
  File "/app/a.py", line 1, in f
    x
ValueError: late
`, `
0 raised of 0: ValueError: late
  a in f:1
`},
		{"stack_info is no exception", `
12:00:01 | ERROR | odd state
Stack (most recent call last):
  File "/app/a.py", line 1, in f
    log.error("odd state", stack_info=True)
`, `
message odd state
  a in f:1
`},
		{"comprehensions, class in a function, no message", `
Traceback (most recent call last):
  File "/app/a.py", line 2, in f
    [g(x) for x in y]
  File "/app/a.py", line 2, in <listcomp>
    [g(x) for x in y]
a.f.<locals>.Odd
`, `
0 raised of 0: Odd: 
  a in f:2
  a in <listcomp>:2 (generated or technical frame)
`},
	})
}

func TestGo(t *testing.T) {
	runParseCases(t, []parseCase{
		{"panic with a signal", `
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49e156]

goroutine 34 [running]:
github.com/tovtech/shop/cart.(*Cart).Add(0xc000012345, {0x1, 0x2})
	/go/src/github.com/tovtech/shop/cart/cart.go:41 +0x16
github.com/gin-gonic/gin.(*Context).Next(...)
	/root/go/pkg/mod/github.com/gin-gonic/gin@v1.9.1/context.go:174
main.main.func2.1()
	/srv/shop/cmd/server/main.go:9 +0xf
net/http.(*conn).serve(0xc0000b6000, {0x7d9c40, 0xc0000a2000})
	/usr/local/go/src/net/http/server.go:1995 +0x612
created by main.main in goroutine 1
	/srv/shop/cmd/server/main.go:20 +0x5d

goroutine 1 [chan receive]:
main.wait()
	/srv/shop/cmd/server/main.go:22 +0x5d
exit status 2
`, `
0 raised of 0: panic: runtime error: invalid memory address or nil pointer dereference
  cmd/server in main:20 (generated or technical frame)
  net/http in (*conn).serve:1995 (standard library or runtime)
  cmd/server in main.func:9
  github.com/gin-gonic/gin in (*Context).Next:174 (installed library)
  github.com/tovtech/shop/cart in (*Cart).Add:41
`},
		{"panic while recovering", `
panic: first [recovered]
	panic: second

goroutine 1 [running]:
main.f()
	/srv/shop/main.go:3 +0x1
`, `
0 raised of 0: panic: second
  main in f:3
1 context of 0: panic: first
`},
		{"panic that net/http caught", `
2026/03/01 10:00:07 http: panic serving 192.0.2.7:51234: boom
goroutine 5 [running]:
main.handler({0x1, 0x2}, 0x3)
	/srv/shop/main.go:7 +0x16
`, `
0 raised of 0: panic: boom
  main in handler:7
`},
		{"a panic that was recovered and logged", `
2026/03/01 10:00:07 recovered: boom
goroutine 5 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
main.recoverer.func1()
	/srv/shop/main.go:7 +0x16
panic({0x1, 0x2})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
github.com/tovtech/shop/cart.Add(...)
	/srv/shop/cart/cart.go:41
`, `
message recovered: boom
0 raised of 0: panic: 
  github.com/tovtech/shop/cart in Add:41
   in panic:860 (standard library or runtime)
  main in recoverer.func:7 (generated or technical frame)
  runtime/debug in Stack:26 (generated or technical frame)
`},
		{"a panic that was recovered and logged in JSON", `
{"level":"error","msg":"panic recovered","error":"boom","stack":"goroutine 5 [running]:\nmain.f()\n\t/srv/shop/main.go:7 +0x16\npanic({0x1, 0x2})\n\t/usr/local/go/src/runtime/panic.go:860\nmain.g()\n\t/srv/shop/main.go:9\n"}
`, `
message panic recovered
0 raised of 0: panic: boom
  main in g:9
   in panic:860 (standard library or runtime)
  main in f:7 (generated or technical frame)
`},
		{"fatal error", `
fatal error: all goroutines are asleep - deadlock!

goroutine 1 [chan receive]:
main.main()
	/srv/shop/main.go:2 +0x1
`, `
0 raised of 0: fatal error: all goroutines are asleep - deadlock!
  main in main:2
`},
	})
}

func TestScripts(t *testing.T) {
	runParseCases(t, []parseCase{
		{"Node, uncaught", `
/srv/app/server.js:12
    throw new TypeError('two\nlines')
    ^

TypeError: two
lines
    at async Cart.add (/srv/app/lib/cart.js:12:11)
    at new Order (file:///srv/app/lib/order.mjs:3:1)
    at Layer.handle [as handle_request] (/srv/app/node_modules/express/lib/router/layer.js:95:5)
    at /srv/app/server.js:4:2
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)

Node.js v20.20.2
`, `
0 raised of 0: TypeError: two↵lines
  node:internal/process/task_queues in process.processTicksAndRejections:95 (standard library or runtime)
  server in <anonymous>:4
  express/lib/router/layer in Layer.handle:95 (installed library)
  lib/order in Order:3
  lib/cart in Cart.add:12
`},
		{"cause, code and members", `
2026-03-01T10:00:00.000Z ERROR could not start
AggregateError [ERR_ALL]: both failed
    at start (/srv/app/a.js:1:1) {
  code: 'ERR_ALL',
  [errors]: [
    Error: first
        at one (/srv/app/a.js:2:1),
    Error: second
        at two (/srv/app/a.js:3:1)
  ],
  [cause]: RangeError: why
      at deep (/srv/app/a.js:4:1)
}
`, `
message could not start
0 raised of 0: AggregateError: both failed
  a in start:1
1 member of 0: Error: first
  a in one:2
2 member of 0: Error: second
  a in two:3
3 cause of 0: RangeError: why
  a in deep:4
`},
		{"a rejection that nobody handled", `
(node:12) UnhandledPromiseRejectionWarning: TypeError: no id
    at get (/srv/app/user.js:3:9)
`, `
0 raised of 0: TypeError: no id
  user in get:3
`},
		{"an exception inside the message", `
2026-03-01T10:00:00Z ERROR could not add 7: RangeError: too many
    at add (/srv/app/cart.js:3:9)
`, `
0 raised of 0: RangeError: too many
  cart in add:3
`},
		{"Chrome, with the hash of a build", `
Uncaught TypeError: Cannot read properties of undefined (reading 'id')
    at t.render (https://shop.example.org/static/js/main.4f3a2b1c.js:2:34567)
    at https://shop.example.org/static/js/vendor-BZ3x9a1Q.js:1:2
    at Array.map (<anonymous>)
`, `
0 raised of 0: TypeError: Cannot read properties of undefined (reading 'id')
  <anonymous> in Array.map:0 (standard library or runtime)
  static/js/vendor in <anonymous>:1
  static/js/main in t.render:2
`},
		{"Firefox", `
TypeError: x is undefined
render@https://shop.example.org/static/js/main.js?v=3:2:34
setup/<@webpack:///./src/setup.ts:9:1
`, `
0 raised of 0: TypeError: x is undefined
  src/setup in setup:9
  static/js/main in render:2
`},
	})
}

func TestJVMAndNet(t *testing.T) {
	runParseCases(t, []parseCase{
		{"Java with causes and suppressed", `
2026-03-01 10:00:00.123 ERROR 1234 --- [nio-8080-exec-1] c.e.shop.Handler : request failed

java.lang.RuntimeException: top
	at com.example.shop.Cart.lambda$add$3(Cart.java:41)
	at org.springframework.web.Servlet.service(Servlet.java:9) ~[spring-web.jar:6.0]
	at java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(Unknown Source)
	at java.base/java.lang.Thread.run(Thread.java:1583)
	Suppressed: java.io.IOException: close
		at com.example.shop.Cart.close(Cart.java:50)
Caused by: com.example.shop.NotFound: item 7
  second line
	at com.example.shop.Db$$EnhancerBySpringCGLIB$$ab12cd.get(<generated>)
	at com.example.shop.Db$1.run(Db.kt:3)
	... 12 more
Caused by: java.sql.SQLException
	... 14 more
`, `
message request failed
0 raised of 0: java.lang RuntimeException: top
  java.lang.Thread in run:1583 (standard library or runtime)
  jdk.internal.reflect.DirectMethodHandleAccessor in invoke:0 (generated or technical frame)
  org.springframework.web.Servlet in service:9 (installed library)
  com.example.shop.Cart in lambda$add:41
1 suppressed of 0: java.io IOException: close
  com.example.shop.Cart in close:50
2 cause of 0: com.example.shop NotFound: item 7↵  second line
  com.example.shop.Db in run:3
  com.example.shop.Db in get:0
3 cause of 2: java.sql SQLException: 
`},
		{".NET with an inner exception", `
Unhandled exception. System.AggregateException: One or more errors occurred.
 ---> Shop.NotFound: item 7
   at Shop.Db.<Get>d__2.MoveNext() in /src/shop/Db.cs:line 12
   --- End of inner exception stack trace ---
   at System.Threading.Tasks.Task.Wait()
   at Shop.Program.Main(String[] args) in /src/shop/Program.cs:line 5
`, `
0 raised of 0: System AggregateException: One or more errors occurred.
  Shop.Program in Main:5
  System.Threading.Tasks.Task in Wait:0 (standard library or runtime)
1 cause of 0: Shop NotFound: item 7
  Shop.Db in Get:12
`},
	})
}

func TestOtherRuntimes(t *testing.T) {
	runParseCases(t, []parseCase{
		{"PHP", `
PHP Fatal error:  Uncaught App\NotFound: item 7 in /var/www/shop/src/Db.php:12
Stack trace:
#0 /var/www/shop/vendor/x/y.php(20): App\Db->get(7)
#1 /var/www/shop/src/index.php(3): run()
#2 {main}
  thrown in /var/www/shop/src/Db.php on line 12
`, `
0 raised of 0: App NotFound: item 7
  src/index in run:3
  vendor/x/y in App\Db->get:20 (installed library)
`},
		{"Ruby", `
/srv/shop/cart.rb:12:in 'block in Cart#add': item 7 (Shop::NotFound)
	from /usr/lib/ruby/3.3.0/set.rb:501:in 'Hash#each_key'
	from /srv/shop/main.rb:3:in '<main>'
`, `
0 raised of 0: Shop NotFound: item 7
  main in <main>:3
  set in Hash#each_key:501 (standard library or runtime)
  cart in Cart#add:12
`},
		{"Rust", `
thread 'main' (28975) panicked at /srv/app/m.rs:1:67:
index out of bounds: the len is 0 but the index is 3
stack backtrace:
   0: core::panicking::panic_fmt
             at /rustc/0/library/core/src/panicking.rs:80:14
   1: shop::cart::add
             at ./src/cart.rs:7:5
note: Some details are omitted
`, `
0 raised of 0: panic: index out of bounds: the len is 0 but the index is 3
  shop::cart in add:0
  core::panicking in panic_fmt:0 (standard library or runtime)
`},
		{"Dart", `
Unhandled exception:
RangeError (index): Invalid value: 1
#0      List.[] (dart:core-patch/growable_array.dart:151)
#1      add (package:shop/cart.dart:31:23)
#2      main (file:///srv/shop/bin/main.dart:29:3)
`, `
0 raised of 0: RangeError: Invalid value: 1
  bin/main in main:29
  package:shop/cart in add:31
  dart:core-patch/growable_array in List.[]:151 (standard library or runtime)
`},
	})
}
