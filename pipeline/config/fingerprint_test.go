package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const fingerprinted = `clients: [{url: 'http://u:PASSWORD@192.0.2.1/push', headers: {a: HEADER}, basic_auth: null}, {name: b, url: 'http://192.0.2.2/push', bearer_token: TOKEN}]
positions: {filename: /var/lib/POS.yaml}
scrape_configs: [{job_name: j, static_configs: [{labels: {__path__: /var/log/x}}], pipeline_stages: [{regex: {expression: '(?P<a>(A))'}}]}]
`

func parsed(t *testing.T, text string) *Config {
	t.Helper()
	c, err := Parse("c.yaml", []byte(strings.Replace(text, ", basic_auth: null", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFingerprintSeesChangesOfFilesThatStagesRead(t *testing.T) {
	for _, stage := range []string{"error_group: {rules: FILE}", "match: {selector: '{a=\"b\"}', stages: [{geoip: {db: FILE, source: ip, db_type: city}}]}"} {
		file := filepath.Join(t.TempDir(), "file")
		parse := func(content string) *Config {
			if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
			return parsed(t, strings.Replace(fingerprinted, "regex: {expression: '(?P<a>(A))'}", strings.Replace(stage, "FILE", file, 1), 1))
		}
		first, second := parse("rules: []\n"), parse("rules: []")
		if got := Changed(first, second); !slices.Equal(got, []string{"scrape_configs"}) {
			t.Errorf("%s: changed are %v", stage, got)
		}
		if again := parsed(t, strings.Replace(fingerprinted, "regex: {expression: '(?P<a>(A))'}", strings.Replace(stage, "FILE", file, 1), 1)); Changed(second, again) != nil {
			t.Errorf("%s: the same file counts as changed", stage)
		}
	}
}

func TestFingerprintSeesSecretsAndNothingBesidesTheYAML(t *testing.T) {
	old := parsed(t, fingerprinted)
	if got := Changed(old, parsed(t, "# a comment\n\n"+fingerprinted)); got != nil {
		t.Errorf("other lines, and changed are %v", got)
	}
	for from, want := range map[string]string{
		"PASSWORD": "clients", "HEADER": "clients", "TOKEN": "clients", "lib/POS": "positions spool", "A))": "scrape_configs",
	} {
		if got := Changed(old, parsed(t, strings.Replace(fingerprinted, from, strings.ToLower(from), 1))); strings.Join(got, " ") != want {
			t.Errorf("%s: changed are %v, want %s", from, got, want)
		}
	}
	for _, secret := range []string{"PASSWORD", "HEADER", "TOKEN"} {
		if strings.Contains(Fingerprint(*old), secret) {
			t.Errorf("%s is in the fingerprint", secret)
		}
	}
}
