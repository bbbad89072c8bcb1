package config

import (
	"strings"
	"testing"
)

func TestSettingsWinOverTheFile(t *testing.T) {
	path := write(t, "c.yaml", minimal+`
server: &server {http_listen_port: 9080, log_level: debug}
positions:
limits_config: {max_line_size: 1}
`)
	c, err := Load(path, Options{Settings: []Setting{
		{"-server.http-listen-port", "server.http_listen_port", "9081", SettingPlain},
		{"-log.level", "server.log_level", "warn", SettingText},
		{"-positions.file", "positions.filename", "/a/b", SettingText},
		{"-positions.sync-period", "positions.sync_period", "3s", SettingText},
		{"-max-line-size", "limits_config.max_line_size", "256kb", SettingText},
		{"-stdin", "target_config.stdin", "true", SettingPlain},
		{"-file-watch.min_poll_frequency", "global.file_watch_config.min_poll_frequency", "1s", SettingText},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for what, is := range map[string]bool{
		"port": c.Server.HTTPListenPort == 9081, "level": c.Server.LogLevel == "warn", "file": c.Positions.Filename == "/a/b",
		"period": c.Positions.SyncPeriod.Std().Seconds() == 3, "size": c.LimitsConfig.MaxLineSize == 256<<10,
		"stdin": c.TargetConfig.Stdin, "poll": c.Global.FileWatchConfig.MinPollFrequency.Std().Seconds() == 1,
	} {
		if !is {
			t.Errorf("%s is not as the flag says:\n%s", what, c)
		}
	}
}

func TestSettingsAreCheckedAndNamed(t *testing.T) {
	for want, s := range map[string]Setting{
		"-log.level: server.log_level: \"loud\" is not known":                    {"-log.level", "server.log_level", "loud", SettingText},
		"-server.http-listen-port: server.http_listen_port: 99999 is not a port": {"-server.http-listen-port", "server.http_listen_port", "99999", SettingPlain},
		"-p: server.http_listen_port: a whole number is expected, not \"many\"":  {"-p", "server.http_listen_port", "many", SettingPlain},
		"-client.external-labels: client.external_labels: \"a\" is not a label":  {"-client.external-labels", "client.external_labels", "a", SettingLabels},
		"-client.url: client.url: not a URL":                                     {"-client.url", "client.url", "loki", SettingText},
	} {
		_, err := Load(write(t, "c.yaml", minimal), Options{Settings: []Setting{s}})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s=%s: got %v, want %s", s.From, s.Value, err, want)
		}
	}
}

// TestSettingDoesNotReachWhatAnAnchorNames sets a key of a block that is an alias
// of another, and of one that another is an alias of.
func TestSettingDoesNotReachWhatAnAnchorNames(t *testing.T) {
	const jobs = "scrape_configs: [{job_name: a, journal: {}}]\n"
	for _, text := range []string{
		"clients: [{url: 'http://192.0.2.1/push', backoff_config: &b {min_period: 1s, max_period: 1m}}]\nclient: {url: 'http://192.0.2.2/push', backoff_config: *b}\n",
		"client: {url: 'http://192.0.2.2/push', backoff_config: &b {min_period: 1s, max_period: 1m}}\nclients: [{url: 'http://192.0.2.1/push', backoff_config: *b}]\n",
	} {
		c, err := Load(write(t, "c.yaml", text+jobs), Options{Settings: []Setting{{"-client.min-backoff", "client.backoff_config.min_period", "2s", SettingText}}})
		if err != nil {
			t.Error(err)
			continue
		}
		for i, want := range []string{"1s 1m0s", "2s 1m0s"} {
			if b := c.Clients[i].BackoffConfig; b.MinPeriod.String()+" "+b.MaxPeriod.String() != want {
				t.Errorf("%s: client %d: got %v, want %s", text, i, b, want)
			}
		}
	}
}

// TestOneClientBesideTheList is promtail's older block: a client of its own if
// it has a URL, and labels for all clients.
func TestOneClientBesideTheList(t *testing.T) {
	text := `
client: {url: 'http://192.0.2.2/push', external_labels: {a: common, b: common}}
clients: [{url: 'http://192.0.2.1/push', external_labels: {a: own}}]
scrape_configs: [{job_name: a, journal: {}}]
`
	c := mustParse(t, text)
	if n := len(c.Clients); n != 2 || c.Clients[1].URL.String() != "http://192.0.2.2/push" {
		t.Fatalf("got %d clients: %v", n, c.Clients)
	}
	if l := c.Clients[0].ExternalLabels; l["a"] != "own" || l["b"] != "common" {
		t.Errorf("labels: got %v", l)
	}
	c = mustParse(t, strings.Replace(text, "url: 'http://192.0.2.2/push', ", "", 1))
	if len(c.Clients) != 1 || c.Clients[0].ExternalLabels["b"] != "common" || len(c.Warnings) != 0 {
		t.Errorf("labels alone: got %v, %v", c.Clients, c.Warnings)
	}
	c = mustParse(t, strings.Replace(text, "url: 'http://192.0.2.2/push', ", "timeout: 1s, ", 1))
	if len(c.Clients) != 1 || len(c.Warnings) != 1 {
		t.Errorf("a timeout and no URL: got %v, %v", c.Clients, c.Warnings)
	}
}

func TestSettingsAloneAreAConfiguration(t *testing.T) {
	c, err := Load("", Options{Settings: []Setting{
		{"-stdin", "target_config.stdin", "true", SettingPlain},
		{"-client.url", "client.url", "http://192.0.2.1/push", SettingText},
		{"-client.external-labels", "client.external_labels", `a=b,"c=d,e"`, SettingLabels},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Clients[0].ExternalLabels; len(got) != 2 || got["c"] != "d,e" {
		t.Errorf("labels: got %v", got)
	}
	if _, err := Load("", Options{}); err == nil {
		t.Error("no file and no setting: no error")
	}
}

func TestUnnamedClientsOfOneAddress(t *testing.T) {
	two := func(more string) string {
		return "clients: [{url: 'http://192.0.2.1/push'}, {url: 'http://192.0.2.1/push'" + more + "}]\nscrape_configs: [{job_name: a, journal: {}}]\n"
	}
	c := mustParse(t, two(", batchwait: 5s"))
	if a, b := c.Clients[0].Name, c.Clients[1].Name; b != a+"-2" {
		t.Errorf("got names %s and %s", a, b)
	}
	if _, err := Parse("c.yaml", []byte(two(""))); err == nil || !strings.Contains(err.Error(), "c.yaml:1:43: clients[1]: a second client") {
		t.Errorf("equal ones: got %v", err)
	}
}

func TestProblemsOfVariablesThatWereNotExpandedNameTheFlag(t *testing.T) {
	text := strings.Replace(minimal, "http://192.0.2.1:3100/loki/api/v1/push", "${LOKI}", 1)
	_, err := Parse("c.yaml", []byte(text))
	if err == nil || !strings.Contains(err.Error(), "-config.expand-env=true") {
		t.Errorf("got %v", err)
	}
}

// FuzzSettings looks for a panic, and for a message that does not name its flag or
// the file.
func FuzzSettings(f *testing.F) {
	f.Add("server.http_listen_port", "80", 1)
	f.Add("client.external_labels", `a=b,"c=d"`, 2)
	f.Add("client.backoff_config.min_period.x", "1s", 0)
	f.Add("scrape_configs", "x", 0)
	f.Add("", "", 0)
	f.Fuzz(func(t *testing.T, key, value string, kind int) {
		if strings.Contains(key, "\n") { // keys are the program's own
			return
		}
		setting := Setting{From: "c.yaml:-flag", Key: key, Value: value, Kind: SettingKind(kind)}
		if _, err := parse("c.yaml", []byte(minimal), Options{Settings: []Setting{setting}}); err != nil {
			checkMessage(t, err.Error())
		}
	})
}
