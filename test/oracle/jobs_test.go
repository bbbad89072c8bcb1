package oracle

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tovtech/tovplay-logging/test/corpus"
	"github.com/tovtech/tovplay-logging/test/servers"
)

func jobCases(t testing.TB) []compared {
	static := func(name, labels string) string {
		return "static_configs: [{targets: [localhost], labels: {case: " + name + ", " + labels + "}}]"
	}
	files := func(names ...string) map[string]string {
		all := map[string]string{}
		for _, name := range names {
			all[name] = "in " + name + "\n"
		}
		return all
	}
	return []compared{
		{
			name: "glob", covers: []string{"static_configs.labels"}, job: static("glob", "__path__: '{dir}/glob/*.log'"),
			files: files("glob/a.log", "glob/b.log", "glob/.hidden.log", "!glob/sub/c.log", "glob/with space.log", "glob/ünï.log", "glob/d.txt"),
		},
		{
			name: "glob_deep", job: static("glob_deep", "__path__: '{dir}/deep/**/*.log'"),
			files: files("deep/a.log", "deep/x/b.log", "deep/x/y/z/c.log", "deep/x/y/z/d.txt"),
		},
		{
			name: "glob_choice", job: static("glob_choice", "__path__: '{dir}/choice/{a,b*}/[x-z]?.log'"),
			files: files("choice/a/x1.log", "choice/b/y2.log", "choice/bb/z3.log", "!choice/c/x4.log", "!choice/a/w5.log", "!choice/a/x.log"),
		},
		{
			name: "path_exclude", job: static("path_exclude", "__path__: '{dir}/exclude/**/*.log', __path_exclude__: '{dir}/exclude/{no,x/**}/*.log'"),
			files: files("exclude/a.log", "!exclude/no/b.log", "!exclude/x/c.log", "!exclude/x/y/d.log", "exclude/yes/e.log"),
		},
		{
			name: "two_groups", covers: []string{"static_configs.targets"},
			job: `static_configs:
- labels: {case: two_groups, group: one, __path__: '{dir}/two/a.log'}
- targets: [localhost, 192.0.2.1]
  labels: {case: two_groups, group: two, __path__: '{dir}/two/b.log', __hidden: x}`,
			files: files("two/a.log", "two/b.log"),
		},
		{
			name: "file_sd", covers: []string{"file_sd_configs.files", "file_sd_configs.refresh_interval"},
			job: `file_sd_configs: [{files: ['{dir}/sd-*.yml', '{dir}/sd.json'], refresh_interval: 1m}]
relabel_configs:
- {source_labels: [__meta_filepath], regex: '.*/([^/]+)', target_label: from}`,
			files: map[string]string{
				"sd/a.log": "a\n", "sd/b.log": "b\n", "sd/c.log": "c\n",
				"sd-1.yml": "- targets: [localhost]\n  labels: {case: file_sd, __path__: '{dir}/sd/a.log', env: test}\n",
				"sd.json":  `[{"targets":["localhost"],"labels":{"case":"file_sd","__path__":"{dir}/sd/b.log"}},{"targets":["localhost"],"labels":{"case":"file_sd","__path__":"{dir}/sd/c.log","x":""}}]`,
			},
		},
		{
			name: "relabel", covers: []string{
				"relabel_configs.source_labels", "relabel_configs.separator", "relabel_configs.regex", "relabel_configs.modulus", "relabel_configs.target_label",
				"relabel_configs.replacement", "relabel_configs.action", "relabel_configs.action.replace", "relabel_configs.action.hashmod", "relabel_configs.action.labelmap",
				"relabel_configs.action.labeldrop", "relabel_configs.action.lowercase", "relabel_configs.action.uppercase",
			},
			job: static("relabel", "__path__: '{dir}/relabel.log', a: One, b: two, __c: three, gone: x, prefix_d: four, prefix_e: five, '__address__': host") + `
relabel_configs:
- {source_labels: [a, b], target_label: joined}
- {source_labels: [a, b, absent], separator: '-', target_label: joined_dash}
- {source_labels: [a], regex: 'O(.*)', target_label: tail}
- {source_labels: [a], regex: 'n', target_label: not_whole}
- {source_labels: [a], regex: '(?P<first>.)(.*)', target_label: 'by_$1', replacement: '${first}-$2-$3'}
- {source_labels: [__c], target_label: from_hidden, replacement: 'is $1'}
- {source_labels: [b], target_label: fixed, replacement: constant}
- {source_labels: [b], regex: 'two', target_label: a2, replacement: ''}
- {source_labels: [b], regex: 'nothing', target_label: b, replacement: changed}
- {source_labels: [a, b], modulus: 7, target_label: shard, action: hashmod}
- {source_labels: [absent], modulus: 1000, target_label: shard_of_nothing, action: hashmod}
- {regex: 'prefix_(.+)', action: labelmap}
- {regex: '__(c)', action: labelmap, replacement: 'mapped_$1'}
- {regex: 'gone|prefix_.*', action: labeldrop}
- {source_labels: [a], target_label: lower, action: lowercase}
- {source_labels: [b], target_label: upper, action: UPPERCASE}
- {target_label: of_no_source, replacement: set}`,
			input: words,
		},
		{
			name: "relabel_keep", covers: []string{"relabel_configs.action.keep", "relabel_configs.action.drop", "relabel_configs.action.keepequal", "relabel_configs.action.dropequal"},
			job: `static_configs:
- labels: {case: relabel_keep, __path__: '{dir}/keep/1.log', n: '1', x: same, 'y': same}
- labels: {case: relabel_keep, __path__: '{dir}/keep/2.log', n: '2', x: same, 'y': same}
- labels: {case: relabel_keep, __path__: '{dir}/keep/3.log', n: '3', x: same, 'y': other}
- labels: {case: relabel_keep, __path__: '{dir}/keep/4.log', n: '4', x: same, 'y': same, z: '4'}
- labels: {case: relabel_keep, __path__: '{dir}/keep/5.log', n: '5', x: same, 'y': same}
relabel_configs:
- {source_labels: ['n'], regex: '[1-4]', action: keep}
- {source_labels: ['n'], regex: '2', action: drop}
- {source_labels: [x], target_label: 'y', action: keepequal}
- {source_labels: ['n'], target_label: z, action: dropequal}`,
			files: map[string]string{"keep/1.log": "1\n", "!keep/2.log": "2\n", "!keep/3.log": "3\n", "!keep/4.log": "4\n", "!keep/5.log": "5\n"},
		},
		{
			name: "relabel_labelkeep", covers: []string{"relabel_configs.action.labelkeep"},
			job: static("relabel_labelkeep", "__path__: '{dir}/relabel_labelkeep.log', a: one, b: two") + `
relabel_configs:
- {regex: 'case|a|__path__', action: labelkeep}`,
			input: words,
		},
		{
			name: "relabel_path",
			job: static("relabel_path", "dir: '{dir}/by-rule'") + `
relabel_configs:
- {source_labels: [dir], target_label: __path__, replacement: '$1/*.log'}
- {source_labels: [dir], target_label: __path_exclude__, replacement: '$1/b.log'}`,
			files: map[string]string{"by-rule/a.log": "a\n", "!by-rule/b.log": "b\n"},
		},
		{
			name:  "scalars",
			job:   static("scalars", "__path__: '{dir}/scalars.log', int: 5, float: 1.50, yes: true, no: 'no', date: 2026-01-02, oct: 010, hex: 0x10, exp: 1e3, quoted: \"a\\tb \\u00e9\", empty: '', big: 12345678901234567890, under: 1_000, inf: .inf, off: off, sexagesimal: 1:30"),
			input: words,
		},
		{
			name: "relabel_bad_name",
			job: static("relabel_bad_name", "__path__: '{dir}/relabel_bad_name.log', a1b: one") + `
relabel_configs:
- {regex: 'a(.+)', action: labelmap}`,
			input: words,
			differs: []difference{{row: "`relabel_configs`", of: func(all []entry) []entry {
				for i := range all {
					all[i].labels = strings.Replace(all[i].labels, `1b="one", `, "", 1)
				}
				return all
			}}},
		},
		{
			name: "nul_before_a_line", input: "before\n\x00\x00\x00after\n\x00\nx\x00y\n",
			differs: []difference{{row: "NUL bytes before a line, holes", of: func(all []entry) []entry {
				all[1].line = "after"
				all[2].line = ""
				return all
			}}},
		},
		{
			name: "encoding_windows_1252", input: "caf\xe9 \x80 \x93quoted\x94\n\n\xff\r\nplain\n",
			job: "encoding: windows-1252\n" + static("encoding_windows_1252", "__path__: '{dir}/encoding_windows_1252.log'"),
		},
		{
			name: "encoding_koi8", input: "\xf0\xd2\xc9\xd7\xc5\xd4\nplain\n",
			job: "encoding: koi8-r\n" + static("encoding_koi8", "__path__: '{dir}/encoding_koi8.log'"),
		},
		{
			name: "encoding_shift_jis", input: "\x93\xfa\x96{\x8c\xea\nplain\n",
			job: "encoding: Shift_JIS\n" + static("encoding_shift_jis", "__path__: '{dir}/encoding_shift_jis.log'"),
		},
		compressedCase(t, "gz"), compressedCase(t, "z"), compressedCase(t, "bz2"),
		{
			name: "same_file_twice",
			job: `static_configs:
- labels: {case: same_file_twice, number: '1', __path__: '{dir}/same_file_twice.log'}
- labels: {case: same_file_twice, number: '2', __path__: '{dir}/same_file_twice.log'}`,
			input: words,
		},
		{
			name: "nginx_access", input: recorded(t, "nginx/access.log"),
			stages: `- regex: {expression: '^(?P<remote_addr>\S+) - (?P<remote_user>\S+) \[(?P<time_local>[^\]]+)\] "(?P<method>\S+) (?P<path>\S+) (?P<protocol>[^"]+)" (?P<status>\d+) (?P<body_bytes_sent>\d+) "(?P<http_referer>[^"]*)" "(?P<http_user_agent>[^"]*)"'}
- timestamp: {source: time_local, format: '02/Jan/2006:15:04:05 -0700'}
- structured_metadata: {method: , status: , path: }
- drop: {expression: 'kube-probe'}`,
			differs: []difference{equalTimes},
		},
		{
			name: "nginx_access_json", input: recorded(t, "nginx/access-json.log"),
			stages: `- json: {expressions: {time: , remote_addr: , method: , uri: , status: , bytes: , request_time: , ua: }}
- timestamp: {source: time, format: RFC3339}
- structured_metadata: {method: , status: , request_time: , bytes: }
- template: {source: message, template: '{{ .method }} {{ .uri }} {{ .status }}'}
- output: {source: message}`,
			differs: []difference{equalTimes},
		},
		{
			name: "nginx_error", input: recorded(t, "nginx/error.log"),
			stages: `- multiline: {firstline: '^\d{4}/\d\d/\d\d ', max_wait_time: 15s}
- regex: {expression: '^(?P<time>[\d/]+ [\d:]+) \[(?P<level>\w+)\] (?P<pid>\d+)#'}
- timestamp: {source: time, format: '2006/01/02 15:04:05', location: Europe/Berlin}
- structured_metadata: {level: , pid: }`,
			differs: []difference{equalTimes},
		},
		{
			name: "docker_json", input: recorded(t, "tovplay/direct.docker-json.log"),
			stages: `- docker: {}
- json: {expressions: {level: , logger: , message: , service: , timestamp: }}
- timestamp: {source: timestamp, format: '2006-01-02T15:04:05.999999-07:00', fallback_formats: [RFC3339Nano]}
- multiline: {firstline: '^(\{|\[|\d{4}-|---)', max_wait_time: 15s}
- structured_metadata: {logger: , level: }`,
			differs: []difference{roughTimes},
		},
		{
			name: "docker_json_large", input: recorded(t, "tovplay/structured-1w.docker-json.log"),
			stages: `- docker: {}
- match:
    selector: '{stream="stdout"}'
    stages:
    - json: {expressions: {level: , logger: , message: , path: 'request.path || path', status: status_code, took: duration_ms}, drop_malformed: false}
    - template: {source: level, template: '{{ ToLower .level }}'}
    - structured_metadata: {logger: , path: , status: , took: }
    - labels: {level: }
    - output: {source: message}
- drop: {expression: 'healthz?'}
- replace: {expression: '(\d+\.\d+\.\d+\.\d+)', replace: '{{ .Value | Hash "salt" | trunc 12 }}'}`,
			loose: true, differs: []difference{roughTimes},
		},
		{
			name: "syslog_iso", input: recorded(t, "syslog/all-iso.log"),
			stages: `- regex: {expression: '^(?P<time>\S+) (?P<host>\S+) (?P<app>[^\s:\[]+)(?:\[(?P<pid>\d+)\])?: (?P<content>.*)$'}
- timestamp: {source: time, format: RFC3339Nano}
- labels: {app: , host: }
- output: {source: content}`,
			differs: []difference{roughTimes},
		},
		{
			name: "syslog_rfc5424", input: recorded(t, "syslog/all-rfc5424.log"),
			stages: `- regex: {expression: '^<(?P<pri>\d+)>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+) \S+ \S+ (?P<content>.*)$'}
- timestamp: {source: time, format: RFC3339Nano}
- replace: {expression: '(?:from|by) (\d+\.\d+\.\d+\.\d+)', replace: '{{ .Value | Sha2Hash "salt" | trunc 8 }}'}
- labels: {app: }
- match: {selector: '{app="sshd"} |= "Accepted"', stages: [{static_labels: {kind: login}}]}`,
			loose: true, differs: []difference{roughTimes},
		},
	}
}

// compressedCase is a job of a compressed file, whose last line has no end.
func compressedCase(t testing.TB, format string) compared {
	t.Helper()
	text := words + weird + "the end"
	name := "compressed_" + format
	return compared{
		name: name, sent: strings.Count(text, "\n") + 1, files: map[string]string{name + "." + format: compress(t, format, text)},
		differs: []difference{{row: "`decompression`: a line that ends with CRLF", of: func(all []entry) []entry {
			return eachLine(all, func(line string) string {
				if line == "crlf" {
					return "crlf\r"
				}
				return line
			})
		}}},
		job: fmt.Sprintf("decompression: {enabled: true, format: %[2]s}\nstatic_configs: [{labels: {case: %[1]s, __path__: '{dir}/%[1]s.%[2]s'}}]", name, format),
	}
}

// compress compresses a text.
func compress(t testing.TB, format, text string) string {
	t.Helper()
	if format == "bz2" {
		cmd := exec.Command(servers.Debian(t, "bzip2", "bzip2"))
		cmd.Stdin = strings.NewReader(text)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("bzip2: %v", err)
		}
		return string(out)
	}
	var file bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&file)
	if format == "z" {
		w = zlib.NewWriter(&file)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// recorded is a log of pipeline/level/testdata.
func recorded(t testing.TB, name string) string {
	t.Helper()
	return corpus.Text(t, filepath.Join(servers.Root(t), "pipeline", "level", "testdata", name+".gz"))
}
