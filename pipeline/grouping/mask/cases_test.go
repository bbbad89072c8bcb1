package mask

import (
	"strings"
	"testing"
)

// cases are name, message and the masked message.
var cases = [][3]string{
	// Numbers
	{"integer", "15", "<num>"},
	{"zero", "0", "<num>"},
	{"negative", "-15", "<num>"},
	{"positive", "+15", "<num>"},
	{"decimal", "0.023958297", "<num>"},
	{"decimal without a zero", ".5", "<num>"},
	{"negative decimal", "-2.50", "<num>"},
	{"exponent", "1e10", "<num>"},
	{"negative exponent", "2.5E-7", "<num>"},
	{"thousands", "1,234,567", "<num>"},
	{"percent", "85%", "<num>%"},
	{"decimal percent", "99.95%", "<num>%"},
	{"fraction", "3/10", "<num>/<num>"},
	{"version", "1.2.3", "<num>"},
	{"version with v", "v1.2.3", "v<num>"},
	{"version of four parts", "6.1.7601.23505", "<num>"},
	{"release candidate", "2.0.0-rc1", "<num>-rc<num>"},
	{"number after #", "#42", "#<num>"},
	{"number after =", "count=42", "count=<num>"},
	{"negative after =", "nice=-5", "nice=<num>"},
	{"number after :", "count:42", "count:<num>"},
	{"negative after :", "vCores:-17", "vCores:<num>"},
	{"number in brackets", "[1234]", "[<num>]"},
	{"number in parentheses", "(pid 1234)", "(pid <num>)"},
	{"sentence end", "left 5.", "left <num>."},
	{"range", "104-127", "<num>"},
	{"ordinal", "the 1st of 3", "the <num>st of <num>"},
	{"list", "1, 2, 3", "<num>"},
	{"list without blanks", "1,2,3,4", "<num>"},
	{"list in brackets", "ids [1, 2, 3] gone", "ids [<num>] gone"},
	{"two numbers are two", "1 2", "<num> <num>"},
	{"resolution", "80x25", "<num>x<num>"},
	{"temperature", "41C", "<num>C"},
	{"errno", "[Errno 111]", "[Errno <num>]"},
	{"arithmetic", "5+3", "<num>+<num>"},
	{"dotted line number", "main.go:123", "main.go:<num>"},
	{"python line number", "routes.py:45", "routes.py:<num>"},
	{"line and column", "main.go:10:15", "main.go:<num>"},
	{"five numbers", "10:11:12:13:14", "<num>"},
	{"no number", "nothing varies", "nothing varies"},

	// Hexadecimal, hashes, ids
	{"0x", "0x1f", "<hex>"},
	{"0X", "0XDEADBEEF", "<hex>"},
	{"address in repr", "<Thing at 0x7f3a2c>", "<Thing at <hex>>"},
	{"object of Java", "Object@7317849d", "Object@<hex>"},
	{"short object of Java", "Object@1f3b", "Object@<hex>"},
	{"git hash", "9f2c1ab", "<hex>"},
	{"long git hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "<hex>"},
	{"md5", "d41d8cd98f00b204e9800998ecf8427e", "<hex>"},
	{"sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "<hex>"},
	{"digest", "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "sha<hex>"},
	{"trace id", "trace_id=4bf92f3577b34da6a3ce929d0e0e4736", "trace_id=<hex>"},
	{"span id", "span 00f067aa0ba902b7", "span <hex>"},
	{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "<hex>"},
	{"container id", "container 0a1b2c3d4e5f", "container <hex>"},
	{"padded address", "00000000000f0000", "<hex>"},
	{"padded digits", "0000000000100000", "<hex>"},
	{"letters of hex", "ffffffff", "<hex>"},
	{"words of hex letters", "added facade decade", "added facade decade"},
	{"upper-case hash", "7317849D", "<hex>"},
	{"wwid", "6005-08b4-0001-00c6-0006-3000-003d-0000", "<hex>"},
	{"pci address", "0000:00:1e.0", "<hex>"},
	{"glued id", "blk_-123", "blk_<num>"},
	{"glued positive id", "blk_38865049064139660", "blk_<num>"},
	{"id of a task", "attempt_1445144423722_0020_m_000000_0", "attempt_<id>"},
	{"id of an application", "application_1445144423722_0020", "application_<num>"},
	{"node", "node-129", "node-<num>"},
	{"interface", "eth0", "eth<num>"},
	{"host without dots", "web-1", "web-<num>"},
	{"pod", "backend-7d9f8b6c5d-x2x4z", "backend-<id>"},
	{"deployment", "api-5f6d7c8b9-abcde", "api-<hex>-abcde"},
	{"session", "sess_9aK3jd8fJq0Lm2Zx", "sess_<id>"},
	{"jwt", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U", "<id>"},
	{"serial", "04DN8IQ", "<id>"},
	{"ticket", "TOV-1234", "TOV-<num>"},
	{"upper-case word and digits", "KB3020369", "KB<num>"},
	{"sqlstate", "SQLSTATE 42P01", "SQLSTATE <num>P<num>"},
	{"architecture", "x86_64", "x<num>"},
	{"charset", "utf8", "utf<num>"},
	{"thread", "Thread-7", "Thread-<num>"},
	{"thread pool", "pool-3-thread-12", "pool-<num>-thread-<num>"},
	{"index", "items[3]", "items[<num>]"},

	// UUIDs
	{"uuid", "550e8400-e29b-41d4-a716-446655440000", "<uuid>"},
	{"upper-case uuid", "550E8400-E29B-41D4-A716-446655440000", "<uuid>"},
	{"uuid in braces", "{550e8400-e29b-41d4-a716-446655440000}", "{<uuid>}"},
	{"uuid after a name", "user-550e8400-e29b-41d4-a716-446655440000", "user-<uuid>"},
	{"uuid after =", "id=550e8400-e29b-41d4-a716-446655440000", "id=<uuid>"},
	{"uuid and a dot", "of 550e8400-e29b-41d4-a716-446655440000.", "of <uuid>."},
	{"uuid of digits", "12345678-1234-1234-1234-123456789012", "<uuid>"},
	{"not quite a uuid", "550e8400-e29b-41d4", "<hex>"},

	// Addresses
	{"ipv4", "192.0.2.14", "<host>"},
	{"ipv4 and port", "192.0.2.14:50010", "<host>"},
	{"ipv4 and prefix", "192.0.2.0/24", "<host>"},
	{"ipv4 in a sentence", "from 192.0.2.14.", "from <host>."},
	{"ipv4 and comma", "192.0.2.1, 192.0.2.2", "<host>"},
	{"ipv4 of Java", "/192.0.2.14:50010", "/<host>"},
	{"ipv4 after =", "rhost=192.0.2.14", "rhost=<host>"},
	{"ipv4 and a message", "192.0.2.14:50010:Got exception", "<host>:Got exception"},
	{"ipv4 in brackets", "[192.0.2.14]", "[<host>]"},
	{"not ipv4", "999.1.1.1", "<num>"},
	{"five parts", "1.2.3.4.5", "<num>"},
	{"ipv6", "2001:db8::8a2e:370:7334", "<host>"},
	{"full ipv6", "2001:0db8:85a3:0000:0000:8a2e:0370:7334", "<host>"},
	{"loopback of ipv6", "::1", "<host>"},
	{"ipv6 with zone", "fe80::1%eth0", "<host>"},
	{"ipv6 with prefix", "2001:db8::/32", "<host>"},
	{"ipv4 in ipv6", "::ffff:192.0.2.14", "<host>"},
	{"ipv6 in brackets", "[2001:db8::1]:443", "[<host>]:<num>"},
	{"scope of C++ is no address", "std::vector", "std::vector"},
	{"scope of hex letters is no address", "add::face", "add::face"},
	{"eui-64", "00:1a:2b:ff:fe:3c:4d:5e", "<mac>"},
	{"seven pairs of digits", "00:11:22:33:44:55:66", "<num>"},
	{"mac", "00:1a:2b:3c:4d:5e", "<mac>"},
	{"mac with dashes", "00-1A-2B-3C-4D-5E", "<mac>"},
	{"mac of digits", "10:11:12:13:14:15", "<mac>"},

	// Hosts
	{"host", "www.example.org", "<host>"},
	{"host and path", "www.example.org/24/x", "<host>/<num>/x"},
	{"host and port", "www.example.org:443", "<host>"},
	{"host in a sentence", "cannot reach db.example.org.", "cannot reach <host>."},
	{"host of digits", "24-54-76-216.dyn.example.net", "<host>"},
	{"upper-case host", "MSRA-39.EXAMPLE.COM", "<host>"},
	{"host of a country", "mail.example.co.il", "<host>"},
	{"host of a country with an ending of files", "lib.example.edu.pl", "<host>"},
	{"internal host", "ip-10-0-0-1.ec2.internal", "<host>"},
	{"service of kubernetes", "api.prod.svc.cluster.local", "<host>"},
	{"unknown domain and port", "server.zone.farm:8443", "<host>"},
	{"host and address", "web-1/192.0.2.14:9000", "web-<num>/<host>"},
	{"rhost", "rhost=a.example.org", "rhost=<host>"},
	{"attribute", "request.user.id", "request.user.id"},
	{"host of two parts and port", "example.il:443", "<host>"},
	{"host of two parts with a digit", "web1.il", "<host>"},
	{"file that ends in a word", "part2.name", "part<num>.name"},
	{"decimal and number", "10.25:8080", "<num>"},
	{"host below co", "mail.example.co.id", "<host>"},
	{"package of Java that ends in a domain", "java.base.io", "java.base.io"},
	{"host that ends in a word", "p15.example.info", "<host>"},
	{"host that ends in a word and port", "mail.example.info:25", "<host>"},
	{"module that ends in a domain", "tovplay.io", "tovplay.io"},
	{"class of Java", "java.io.IOException", "java.io.IOException"},
	{"package of Java", "org.apache.hadoop.mapreduce.v2.app", "org.apache.hadoop.mapreduce.v<num>.app"},
	{"module of Python", "src.app.routes", "src.app.routes"},
	{"logger", "logger.info", "logger.info"},
	{"file", "archive.tar.gz", "archive.tar.gz"},
	{"source file and line", "server.js:10", "server.js:<num>"},
	{"localhost and port", "localhost:5432", "localhost:<num>"},
	{"module and line", "my_app.routes:123", "my_app.routes:<num>"},
	{"class and number", "NameSystem.addBlock:5001", "NameSystem.addBlock:<num>"},
	{"method", "user.save()", "user.save()"},

	// E-mail and URL
	{"email", "alice@example.org", "<email>"},
	{"email with plus", "a.b+c_d%e@mail.example.co.il", "<email>"},
	{"email in <>", "<alice@example.org>", "<<email>>"},
	{"email after =", "user=alice@example.org", "user=<email>"},
	{"email and a dot", "to alice@example.org.", "to <email>."},
	{"emails", "a@example.org, b@example.org", "<email>"},
	{"emails in one word", "a@example.org:b@example.org", "<email>:<email>"},
	{"mailto", "mailto:a@example.org", "mailto:<email>"},
	{"user of a host", "root@web1", "root@web<num>"},
	{"decorator", "@app.route", "@app.route"},
	{"url", "http://www.example.org/a/b?c=d#e", "<url>"},
	{"url and comma", "see https://example.org/a, then", "see <url>, then"},
	{"url in parentheses", "(https://example.org/a)", "(<url>)"},
	{"url with port", "http://192.0.2.1:3100/loki/api/v1/push", "<url>"},
	{"url with password", "postgresql://user:secret@db.example.org/app", "<url>"},
	{"url in another", "jdbc:postgresql://db/app", "jdbc:<url>"},
	{"url of a file", "file:///etc/passwd", "<url>"},
	{"websocket", "wss://example.org/socket", "<url>"},
	{"url after =", "url=http://example.org/", "url=<url>"},
	{"url with brackets", "redis://cache:6379/0", "<url>"},

	// Dates and times
	{"iso date", "2026-11-22", "<date>"},
	{"iso date and time", "2026-11-22 21:54:54", "<date>"},
	{"iso with T and Z", "2026-11-22T21:54:54Z", "<date>"},
	{"iso with fraction", "2026-11-22T21:54:54.123456Z", "<date>"},
	{"iso with comma", "2026-11-22 21:54:54,123", "<date>"},
	{"iso with zone", "2026-11-22T21:54:54+02:00", "<date>"},
	{"iso with zone behind a blank", "2026-11-22 21:54:54 +0000", "<date>"},
	{"iso with UTC", "2026-11-22 21:54:54 UTC", "<date>"},
	{"compact iso", "20261122T215454Z", "<date>"},
	{"slashes", "2026/11/22 21:54:54", "<date>"},
	{"slashes, short", "2016/9/27:16:30:59.865", "<date>"},
	{"access log", "[22/Nov/2026:21:54:57 +0000]", "[<date>]"},
	{"day first with dots", "22.11.2026", "<date>"},
	{"american", "11/22/2026 9:54 PM", "<date>"},
	{"two-digit year", "22/11/26", "<date>"},
	{"dashed month", "22-Nov-2026 21:54:54", "<date>"},
	{"syslog", "Nov 22 21:54:54", "<date>"},
	{"syslog, padded", "Nov  2 21:54:54", "<date>"},
	{"ctime", "Fri Jun 17 07:07:00 2005", "<date>"},
	{"date of a shell", "Sat May  8 09:04:50 EDT 2004", "<date>"},
	{"http", "Sun, 22 Nov 2026 21:54:54 GMT", "<date>"},
	{"in words", "November 22, 2026", "<date>"},
	{"day and month", "22 Nov 2026", "<date>"},
	{"month and day", "on Nov 22", "on <date>"},
	{"dotted clock", "2005-06-03-15.42.50.675872", "<date>"},
	{"date in a name", "backup-2026-11-22.sql", "backup-<date>.sql"},
	{"epoch", "1445144423", "<num>"},
	{"epoch with fraction", "1445144423.722", "<num>"},
	{"clock", "21:54:54", "<dur>"},
	{"clock of two parts", "21:54", "<dur>"},
	{"clock with fraction", "21:54:54.123", "<dur>"},
	{"clock with PM", "9:54 PM", "<dur>"},
	{"clock with PM and zone", "9:54 PM UTC", "<dur>"},
	{"minutes and seconds", "00:01", "<dur>"},
	{"month that is a word", "May I ask", "May I ask"},
	{"weekday that is a word", "Sun is down", "Sun is down"},
	{"date glued to letters", "2026-11-22nd", "<num>nd"},
	{"not a date", "2026-13-45", "<num>"},

	// Durations and sizes
	{"milliseconds", "15ms", "<dur>"},
	{"decimal seconds", "1.5s", "<dur>"},
	{"microseconds", "250µs", "<dur>"},
	{"compound", "1h2m3s", "<dur>"},
	{"compound with fraction", "2m30.5s", "<dur>"},
	{"seconds in words", "30 seconds", "<dur>"},
	{"one second", "1 second", "<dur>"},
	{"hours and minutes", "1 hour 2 minutes", "<dur>"},
	{"days", "5 days, 3 hours", "<dur>"},
	{"milliseconds behind a blank", "took 15 ms", "took <dur>"},
	{"less than", "time <1ms", "time <dur>"},
	{"less than in words", "lifetime <1 sec", "lifetime <dur>"},
	{"duration after =", "dur=1m2s", "dur=<dur>"},
	{"bytes", "12 bytes", "<size>"},
	{"one byte", "1 byte", "<size>"},
	{"mebibytes", "1.5 MiB", "<size>"},
	{"glued megabytes", "512MB", "<size>"},
	{"kernel size", "125312k/129720k", "<size>/<size>"},
	{"kilo", "16K", "<size>"},
	{"decimal megabytes", "512.00 MB", "<size>"},
	{"bytes behind a blank", "384.0 B", "<size>"},
	{"size said again", "1165 bytes (1.13 KB) sent", "<size> sent"},
	{"size said three times", "104857600 bytes (105 MB, 100 MiB) copied", "<size> copied"},
	{"many bytes", "1048576B", "<size>"},
	{"days", "30d", "<dur>"},
	{"rate", "1.2 MB/s", "<size>"},
	{"bit rate", "100Mbps", "<size>"},
	{"number before a word", "5 users", "<num> users"},
	{"number before =", "5 s=3", "<num> s=<num>"},

	// Paths and requests
	{"file", "/var/log/syslog", "<path>"},
	{"file in a sentence", "cannot open /etc/nginx/nginx.conf: denied", "cannot open <path>: denied"},
	{"file at the end of a sentence", "see /var/log/x.log.", "see <path>."},
	{"file and line", "/app/src/main.py:12", "<path>:<num>"},
	{"folder", "/var/www/html/", "<path>"},
	{"device", "/dev/sda1", "<path>"},
	{"home", "~/app/config.yml", "<path>"},
	{"path after =", "file=/tmp/x.txt", "file=<path>"},
	{"path of Windows", `C:\Windows\System32\drivers\etc\hosts`, "<path>"},
	{"path of Windows and comma", `core: C:\Windows\a_1.dll, flags`, "core: <path>, flags"},
	{"share of Windows", `\\server\share\file.txt`, "<path>"},
	{"route", "/api/games", "/api/games"},
	{"route with an id", "/api/users/123/games/5", "/api/users/<num>/games/<num>"},
	{"route with a uuid", "/v2/550e8400-e29b-41d4-a716-446655440000/detail", "/v<num>/<uuid>/detail"},
	{"route with a hash", "/v3/54fadb412c4e40cdbaed9335e4c35a9e/servers", "/v<num>/<hex>/servers"},
	{"route with a query", "/api/games?page=2&size=10", "/api/games?<str>"},
	{"question behind a path", "is it /a/b?c", "is it /a/b?c"},
	{"route and method", "Exception on /api/games/5 [GET]", "Exception on /api/games/<num> [GET]"},
	{"and/or", "read/write", "read/write"},
	{"question", "out of memory?", "out of memory?"},
	{"access log", `"GET /api/users/12?x=1 HTTP/1.1" 200 123 "-" "Mozilla/5.0 (X11)"`, `"GET /api/users/<num>?<str> HTTP/<num>" <num> <num> <str> <str>`},
	{"task path", "/user/root/_temporary/_task_200811092030_0001_m_000590_0/part-00590.", "/user/root/_temporary/_task_<id>/part-<num>."},

	// Strings
	{"double quotes", `open "a b c" failed`, "open <str> failed"},
	{"single quotes", "KeyError: 'user_id'", "KeyError: <str>"},
	{"backquotes", "use `other` instead", "use <str> instead"},
	{"empty", `got ""`, "got <str>"},
	{"escaped quote", `got "a \" b" here`, "got <str> here"},
	{"strings", "'a', 'b', 'c'", "<str>"},
	{"bytes of Python", "got b'abc' and r'x'", "got <str> and <str>"},
	{"apostrophe", "can't find it", "can't find it"},
	{"apostrophes", "can't and won't", "can't and won't"},
	{"possessive", "users' data", "users' data"},
	{"apostrophe and string", "can't find 'x'", "can't find <str>"},
	{"apostrophe in a string", "'it's here'", "<str>"},
	{"unclosed", `say "hello`, `say "hello`},
	{"string after =", `name="a b"`, "name=<str>"},
	{"string in parentheses", "f('a', 5)", "f(<str>, <num>)"},
	{"string over lines", "say \"a\nb\" twice", "say <str> twice"},

	// JSON, logfmt, Python
	{"member", `{"user_id": 5}`, `{"user_id": <val>}`},
	{"members", `{"a":1,"b":"x y","c":true,"d":null}`, `{"a":<val>,"b":<val>,"c":<val>,"d":<val>}`},
	{"nested", `{"a": {"b": -1.5e3}, "c": "x"}`, `{"a": {"b": <val>}, "c": <val>}`},
	{"array", `{"a": [1, 2, 3], "b": ["x"]}`, `{"a": [<num>], "b": [<str>]}`},
	{"key with a number", `{"user_12": 1}`, `{"user_<num>": <val>}`},
	{"message of JSON", `{"level": "error", "msg": "user 5 left"}`, `{"level": "error", "msg": "user <num> left"}`},
	{"string in a message", `{"msg": "key 'a b' left", "x": 1}`, `{"msg": "key <str> left", "x": <val>}`},
	{"apostrophe in a message", `{"msg": "it 'went", "err": "a 'b' c"}`, `{"msg": "it 'went", "err": "a <str> c"}`},
	{"apostrophe before a value", `{"msg": "it 'went", "x": 'y'}`, `{"msg": "it 'went", "x": <val>}`},
	{"bytes in a dict", "{'a': b'x'}", "{'a': <val>}"},
	{"dict", "{'a': 1, 'b': 'x', 'c': None, 'd': True}", "{'a': <val>, 'b': <val>, 'c': <val>, 'd': <val>}"},
	{"NaN", `{"a": NaN, "b": -Infinity}`, `{"a": <val>, "b": <val>}`},
	{"escaped letters", `\u05e9\u05dc 5`, `\u05e9\u05dc <num>`},
	{"logfmt", `level=info msg="user 5 left" user="a b" dur=15ms`, `level=info msg="user <num> left" user=<str> dur=<dur>`},
	{"literals of logfmt", "ok=true, tls=false ws=null err=nil done", "ok=<val>, tls=<val> ws=<val> err=<val> done"},
	{"literals in prose", "it is true that null is nil", "it is true that null is nil"},
	{"word of logfmt", "name=truest", "name=truest"},
	{"error of logfmt", `err="dial tcp 192.0.2.1:80: refused"`, `err="dial tcp <host>: refused"`},
	{"set", "Set(a, b)", "Set(a, b)"},
	{"kernel of Python", "<User 5>", "<User <num>>"},

	// SQL
	{"where", "SELECT * FROM users WHERE id = 5 AND name = 'x'", "SELECT * FROM users WHERE id = <num> AND name = <str>"},
	{"in", "id IN (1, 2, 3)", "id IN (<num>)"},
	{"in strings", "name IN ('a', 'b')", "name IN (<str>)"},
	{"values", "INSERT INTO t (a, b) VALUES (1, 'x')", "INSERT INTO t (a, b) VALUES (<num>, <str>)"},
	{"doubled quote", "name = 'O''Brien' LIMIT 5", "name = <str> LIMIT <num>"},
	{"escape string", "a = E'x\\n' OFFSET 10", "a = <str> OFFSET <num>"},
	{"identifier", `SELECT "user".id, "user"."name"`, `SELECT "user".id, "user"."name"`},
	{"parameter", "WHERE id = $1", "WHERE id = $<num>"},
	{"cast", "'2026-11-22'::date", "<str>::date"},
	{"detail", "Key (id)=(5) already exists.", "Key (id)=(<num>) already exists."},
	{"column", `column "nick" does not exist at character 8`, "column <str> does not exist at character <num>"},

	// Other text
	{"hebrew", "שלום 5 חברים", "שלום <num> חברים"},
	{"hebrew in quotes", `המשתמש "ירון" נכנס`, "המשתמש <str> נכנס"},
	{"emoji", "🚀 started in 5 s 🎮", "🚀 started in <dur> 🎮"},
	{"not UTF-8", "a\xff 5 \xc3(", "a\xff <num> \xc3("},
	{"NUL", "a\x005\x00b", "a\x00<num>\x00b"},
	{"octal escape", `\042x\042`, `\<num>x\<num>`},
	{"colours", "\x1b[31mERROR\x1b[0m 5", "ERROR <num>"},
	{"blanks", "a  \t b", "a b"},
	{"lines", "a\nb\r\n5", "a b <num>"},
	{"marks", "-- ... *** ?? !!", "-- ... *** ?? !!"},
	{"placeholder", "<num> <host>", "<num> <host>"},
	{"arrow", "a -> 5 => b", "a -> <num> => b"},
	{"camel case", "NameSystem.addStoredBlock", "NameSystem.addStoredBlock"},
	{"states", "from NEW to UNASSIGNED", "from NEW to UNASSIGNED"},
}

func TestCases(t *testing.T) {
	if len(cases) < 200 {
		t.Errorf("%d cases", len(cases))
	}
	for _, around := range [][2]string{{"", ""}, {"some text: ", " and more"}, {"(", ") "}, {"שלום ", "\nthe end"}, {"5 of <x> ", " ; 192.0.2.1"}} {
		before, after := string(Append(nil, []byte(around[0]))), string(Append(nil, []byte(around[1])))
		if strings.HasSuffix(around[0], " ") {
			before += " "
		}
		if strings.HasPrefix(around[1], " ") || strings.HasPrefix(around[1], "\n") {
			after = " " + after
		}
		for _, c := range cases {
			name, message, want := c[0], around[0]+c[1]+around[1], before+c[2]+after
			if got := string(Append(nil, []byte(message))); got != want {
				t.Errorf("%s: %q\ngot  %q\nwant %q", name, message, got, want)
			}
		}
	}
}

func TestPlaceholdersAreKept(t *testing.T) {
	for _, c := range cases {
		if got := string(Append(nil, []byte(c[2]))); got != c[2] {
			t.Errorf("%s: %q became %q", c[0], c[2], got)
		}
	}
}

func TestWhatIsMaskedDoesNotDependOnItsNeighbours(t *testing.T) {
	var message, got []byte
	for _, a := range cases {
		for _, b := range cases {
			if a[0] == "unclosed" { // the string would close in b
				continue
			}
			message = append(append(append(message[:0], a[1]...), " ; "...), b[1]...)
			got = Append(got[:0], message)
			if want := a[2] + " ; " + b[2]; string(got) != want {
				t.Fatalf("%s, %s: %q\ngot  %q\nwant %q", a[0], b[0], message, got, want)
			}
		}
	}
}
