package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"
)

// secrets is a configuration in which every secret contains the word hunter2.
const secrets = `
clients:
  - url: http://user-hunter2:hunter2@192.0.2.1:3100/push?token=hunter2
    proxy_url: http://hunter2:hunter2@192.0.2.2:3128
    headers: {X-Api-Key: hunter2}
    basic_auth: {username: u, password: hunter2}
  - url: http://192.0.2.3/push
    bearer_token: hunter2
  - url: http://192.0.2.4/push
    authorization: {type: Token, credentials: hunter2}
    tls_config: {cert: c, key: hunter2}
scrape_configs: [{job_name: a, journal: {}}]
`

// TestSecretsAreNeverPrinted tries every way to print a configuration.
func TestSecretsAreNeverPrinted(t *testing.T) {
	c := mustParse(t, secrets)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "config", c, "url", c.Clients[0].URL, "secret", c.Clients[1].BearerToken)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "config", c, "clients", c.Clients, "header", c.Clients[0].Headers)
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	clientYAML, err := yaml.Marshal(c.Clients)
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct {
		client Client
		secret Secret
		url    URL
	}
	h := hidden{c.Clients[0], c.Clients[1].BearerToken, c.Clients[0].URL}
	printed := map[string]string{
		"String": c.String(), "log": log.String(), "json": string(asJSON), "yaml": string(asYAML), "clients as yaml": string(clientYAML),
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		printed["config "+verb] = fmt.Sprintf(verb, c)
		printed["value "+verb] = fmt.Sprintf(verb, *c)
		printed["client "+verb] = fmt.Sprintf(verb, c.Clients[0])
		printed["unexported "+verb] = fmt.Sprintf(verb, h)
	}
	for how, text := range printed {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("%s prints a secret:\n%s", how, text)
		}
	}
	if n := strings.Count(c.String(), redacted); n != 8 {
		t.Errorf("%d secrets are marked, want 8:\n%s", n, c)
	}
}

// TestErrorsDoNotPrintSecrets puts a secret where each kind of error could
// repeat it.
func TestErrorsDoNotPrintSecrets(t *testing.T) {
	for _, text := range []string{
		"clients: [{url: 'http://u:hunter2@192.0.2.1:port/'}]",
		"clients: [{url: 'http://u:hun/hunter2@192.0.2.1/'}]",
		"clients: [{url: 'http://u:%zz-hunter2@192.0.2.1/'}]",
		"clients: [{url: 'u:hunter2@192.0.2.1'}]",
		"clients: [{url: *hunter2}]",
		"clients: [{bearer_token: !hunter2 x}]",
		"clients: [{bearer_token: !!int hunter2}]",
		"clients: [{bearer_token: {hunter2: }}]",
		"clients: [{bearer_token: [hunter2]}]",
		"clients: [{bearer_token: \"hunter2\\q\"}]",
		"clients: [{bearer_token: 'hunter2}]",
		"clients:\n  - bearer_token: hunter2: x\n",
		"clients:\n  - bearer_token: @hunter2\n",
		"clients:\n  - bearer_token: %hunter2\n",
		"clients: [{headers: {X: \"hunter2\\n\"}}]",
		"clients: [{headers: hunter2}]",
		"clients: [{basic_auth: hunter2}]",
	} {
		_, err := Parse("c.yaml", []byte(text))
		if err == nil {
			t.Errorf("%s: no error", text)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error prints the secret: %v", text, err)
		}
	}
}

func TestRevealGivesTheSecret(t *testing.T) {
	c := mustParse(t, secrets)
	if got := c.Clients[0].BasicAuth.Password.Reveal(); got != "hunter2" {
		t.Errorf("password: got %q", got)
	}
	u := c.Clients[0].URL.Reveal()
	if got, want := u.String(), "http://user-hunter2:hunter2@192.0.2.1:3100/push?token=hunter2"; got != want {
		t.Errorf("url: got %s, want %s", got, want)
	}
	u.Host = "changed.example.org"
	if got := c.Clients[0].URL.Reveal().Host; got != "192.0.2.1:3100" {
		t.Errorf("a change of the copy reaches the configuration: %s", got)
	}
	if (Secret{}).IsSet() || NewSecret("").IsSet() || (URL{}).IsSet() || (URL{}).Reveal() != nil {
		t.Error("what is not given counts as set")
	}
}

// A secret of the environment may stand where any text does.
func TestSecretsOfTheEnvironmentAreNotPrinted(t *testing.T) {
	env := map[string]string{"HASH_SALT": "pepper", "STAGE_NAME": "visible", "API_TOKEN": "abc"}
	file := filepath.Join(t.TempDir(), "collector.yaml")
	text := `
clients: [{url: http://192.0.2.1/loki/api/v1/push}]
scrape_configs:
- job_name: ${STAGE_NAME}
  static_configs: [{labels: {__path__: /tmp/x, token: ${API_TOKEN}}}]
  pipeline_stages:
  - template: {source: ip, template: '{{ Hash .Value "${HASH_SALT}" }}'}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(file, Options{ExpandEnv: true, Getenv: func(name string) string { return env[name] }})
	if err != nil {
		t.Fatal(err)
	}
	marshalled, err := yaml.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{cfg.String(), string(marshalled)} {
		if strings.Contains(printed, "pepper") {
			t.Errorf("the salt is in\n%s", printed)
		}
	}
	// What is short is part of other words.
	if s := cfg.String(); !strings.Contains(s, "<secret>") || !strings.Contains(s, "visible") || !strings.Contains(s, "token: abc") {
		t.Errorf("got\n%s", s)
	}
	if got := cfg.ScrapeConfigs[0].PipelineStages[0].Template.Template; !strings.Contains(got, "pepper") {
		t.Errorf("the stage has %s", got)
	}
}
