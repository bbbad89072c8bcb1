package main

import (
	"fmt"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// flagGroup is a part of the help.
type flagGroup struct {
	title string
	flags []keyed
}

func textFlag(name, key, shown, usage string) keyed {
	return keyed{name: name, key: key, kind: config.SettingText, shown: shown, usage: usage}
}

func numberFlag(name, key, shown, usage string) keyed {
	return keyed{name: name, key: key, kind: config.SettingPlain, shown: shown, usage: usage}
}

func boolFlag(name, key, usage string) keyed {
	return keyed{name: name, key: key, kind: config.SettingPlain, isBool: true, usage: usage}
}

// flagGroups are promtail's flags that stand for keys of the file.
func flagGroups() []flagGroup {
	return []flagGroup{
		{"Reading", []keyed{
			boolFlag("stdin", "target_config.stdin", "read standard input and end with it"),
			textFlag("positions.file", "positions.filename", "FILE", "where the state of reading is kept (/var/log/positions.yaml)"),
			textFlag("positions.sync-period", "positions.sync_period", "DURATION", "how often it is written (10s)"),
			boolFlag("positions.ignore-invalid-yaml", "positions.ignore_invalid_yaml", "start without positions when the file is broken"),
			textFlag("target.sync-period", "target_config.sync_period", "DURATION", "how often new files are looked for (10s)"),
			textFlag("file-watch.min_poll_frequency", "global.file_watch_config.min_poll_frequency", "DURATION", "how often a file is looked at (250ms)"),
			textFlag("file-watch.max_poll_frequency", "global.file_watch_config.max_poll_frequency", "DURATION", "the same, of a file that is idle (250ms)"),
		}},
		{"Limits", []keyed{
			numberFlag("limit.readline-rate", "limits_config.readline_rate", "N", "lines a second that may pass (10000)"),
			numberFlag("limit.readline-burst", "limits_config.readline_burst", "N", "lines that may pass at once (10000)"),
			boolFlag("limit.readline-rate-enabled", "limits_config.readline_rate_enabled", "put the rate in force"),
			boolFlag("limit.readline-rate-drop", "limits_config.readline_rate_drop", "drop what is above it (true); false reads slower"),
			numberFlag("max-streams", "limits_config.max_streams", "N", "active streams, 0 for no limit"),
			textFlag("max-line-size", "limits_config.max_line_size", "SIZE", "such as 256kb; longer lines are dropped, 0 for no limit"),
			boolFlag("max-line-size-truncate", "limits_config.max_line_size_truncate", "cut longer lines in place of dropping them"),
		}},
		{"Server and log", []keyed{
			textFlag("server.http-listen-address", "server.http_listen_address", "ADDRESS", "where to listen (all)"),
			numberFlag("server.http-listen-port", "server.http_listen_port", "PORT", "(80)"),
			textFlag("server.path-prefix", "server.http_path_prefix", "PATH", "before all paths"),
			boolFlag("server.disable", "server.disable", "do not listen"),
			boolFlag("server.enable-runtime-reload", "server.enable_runtime_reload", "serve /reload"),
			boolFlag("server.profiling_enabled", "server.profiling_enabled", "serve /debug/pprof"),
			textFlag("server.http-tls-cert-path", "server.http_tls_config.cert_file", "FILE", ""),
			textFlag("server.http-tls-key-path", "server.http_tls_config.key_file", "FILE", ""),
			textFlag("server.http-tls-client-auth", "server.http_tls_config.client_auth_type", "NAME", ""),
			textFlag("server.http-tls-ca-path", "server.http_tls_config.client_ca_file", "FILE", ""),
			textFlag("server.tls-cipher-suites", "server.tls_cipher_suites", "NAMES", ""),
			textFlag("server.tls-min-version", "server.tls_min_version", "NAME", ""),
			textFlag("server.http-listen-network", "server.http_listen_network", "NAME", ""),
			numberFlag("server.http-conn-limit", "server.http_listen_conn_limit", "N", ""),
			textFlag("server.http-read-timeout", "server.http_server_read_timeout", "DURATION", ""),
			textFlag("server.http-read-header-timeout", "server.http_server_read_header_timeout", "DURATION", ""),
			textFlag("server.http-write-timeout", "server.http_server_write_timeout", "DURATION", ""),
			textFlag("server.http-idle-timeout", "server.http_server_idle_timeout", "DURATION", ""),
			textFlag("server.graceful-shutdown-timeout", "server.graceful_shutdown_timeout", "DURATION", ""),
			boolFlag("server.register-instrumentation", "server.register_instrumentation", ""),
			boolFlag("server.proxy-protocol-enabled", "server.proxy_protocol_enabled", ""),
			textFlag("log.level", "server.log_level", "LEVEL", "debug, info, warn or error (info)"),
			textFlag("log.format", "server.log_format", "FORMAT", "logfmt or json (logfmt)"),
		}},
		{"A client without the file (deprecated by promtail, in force all the same)", []keyed{
			textFlag("client.url", "client.url", "URL", "where to push to"),
			{name: "client.external-labels", key: "client.external_labels", kind: config.SettingLabels, shown: "NAME=VALUE,...", usage: "for the clients of the file too"},
			textFlag("client.tenant-id", "client.tenant_id", "ID", ""),
			textFlag("client.batch-wait", "client.batchwait", "DURATION", ""),
			numberFlag("client.batch-size-bytes", "client.batchsize", "N", ""),
			textFlag("client.timeout", "client.timeout", "DURATION", ""),
			numberFlag("client.max-retries", "client.backoff_config.max_retries", "N", ""),
			textFlag("client.min-backoff", "client.backoff_config.min_period", "DURATION", ""),
			textFlag("client.max-backoff", "client.backoff_config.max_period", "DURATION", ""),
			boolFlag("client.drop-rate-limited-batches", "client.drop_rate_limited_batches", ""),
		}},
	}
}

func keyFlags() []keyed {
	var all []keyed
	for _, g := range flagGroups() {
		all = append(all, g.flags...)
	}
	return all
}

// ineffectiveFlags are promtail's flags for what there is not here: a gRPC
// server, tracing, a log of requests. A name that ends in ? is one of true and
// false.
func ineffectiveFlags() []string {
	return strings.Fields(`
		server.grpc-listen-address server.grpc-listen-network server.grpc-listen-port server.grpc-conn-limit
		server.grpc-collect-max-streams-by-conn? server.grpc-tls-cert-path server.grpc-tls-key-path
		server.grpc-tls-client-auth server.grpc-tls-ca-path server.grpc-max-recv-msg-size-bytes
		server.grpc-max-send-msg-size-bytes server.grpc-max-concurrent-streams
		server.grpc.keepalive.max-connection-idle server.grpc.keepalive.max-connection-age
		server.grpc.keepalive.max-connection-age-grace server.grpc.keepalive.time server.grpc.keepalive.timeout
		server.grpc.keepalive.min-time-between-pings server.grpc.keepalive.ping-without-stream-allowed?
		server.grpc.stats-tracking-enabled? server.grpc.recv-buffer-pools-enabled? server.grpc.num-workers
		server.report-grpc-codes-in-instrumentation-label-enabled?
		server.http-log-closed-connections-without-response-enabled?
		server.log-source-ips-enabled? server.log-source-ips-full? server.log-source-ips-header
		server.log-source-ips-regex server.log-request-headers? server.log-request-headers-exclude-list
		server.log-request-at-info-level-enabled? server.trace-request-headers?
		server.trace-request-headers-exclude-list
		server.throughput.latency-cutoff server.throughput.unit server.cluster-validation.label server.cluster-validation.grpc.enabled?
		server.cluster-validation.grpc.soft-validation? server.cluster-validation.http.enabled?
		server.cluster-validation.http.soft-validation? server.cluster-validation.http.excluded-paths
		server.cluster-validation.http.excluded-user-agents tracing.enabled?`)
}

// help is what -h prints. Flags without a word about them are listed by name.
func help() string {
	var b strings.Builder
	b.WriteString(`The collector ships logs to Loki. It is started as promtail is:

  collector -config.file=FILE [flags]

and has commands of its own; each explains itself with -h:

  collector check        what is wrong with a configuration, and what would make it better
  collector quarantine   what Loki refused for good: list it, send it again
  collector positions    a return to promtail

`)
	o := &options{}
	line := func(flag, usage string) { fmt.Fprintf(&b, "  %-42s %s\n", "-"+flag, usage) }
	line("config.file=FILE", "the configuration; of several, separated by commas, the first that exists")
	for _, f := range o.switches() {
		line(f.name, f.usage)
	}
	b.WriteString("\nThe other flags are promtail's. They win over the file.\n")
	for _, g := range flagGroups() {
		fmt.Fprintf(&b, "\n%s\n", g.title)
		var more []string
		for _, f := range g.flags {
			if f.usage == "" {
				more = append(more, "-"+f.name)
				continue
			}
			line(strings.TrimSuffix(f.name+"="+f.shown, "="), f.usage)
		}
		writeNames(&b, "  and ", more)
	}
	b.WriteString("\nAccepted without effect: promtail's flags for a gRPC server (-server.grpc*), for the log of requests, and -tracing.enabled.\n")
	return b.String()
}

// writeNames writes names after a lead, in lines of a bearable length.
func writeNames(b *strings.Builder, lead string, names []string) {
	for len(names) > 0 {
		line, n := lead+names[0], 1
		for n < len(names) && len(line)+len(names[n]) < 110 {
			line += ", " + names[n]
			n++
		}
		if names = names[n:]; len(names) > 0 {
			line += ","
		}
		b.WriteString(line + "\n")
		lead = strings.Repeat(" ", len(lead))
	}
}
