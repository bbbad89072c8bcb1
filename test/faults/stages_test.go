package faults

import (
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// inEveryStage is a case again, with each stage that there is at work on what is
// written. They change nothing of what stands in the entries.
func inEveryStage(c faultCase) faultCase {
	run := c.run
	c.name = "every stage: " + c.name
	c.run = func(r *rig) {
		r.everyStage = true
		run(r)
		r.checkStages()
	}
	return c
}

// stages are every stage that there is, for records of each form.
func (r *rig) stages() settings {
	r.t.Helper()
	return settings{
		stages: fmt.Sprintf(`
      - multiline: {firstline: '^\d{4}-'}
      - decolorize:
      - regex: {expression: '^\S+ (?P<rest>.*)$'}
      - logfmt: {source: rest, mapping: {nothing: }}
      - json: {source: rest, expressions: {none: }}
      - eventlogmessage: {source: nothing}
      - template: {source: word, template: '{{ .time | ToUpper }}'}
      - replace: {expression: '(user) unknown', replace: '{{ .Value }}'}
      - static_labels: {kind: test, colour: red, address: 192.0.2.1}
      - labels: {first: word}
      - labeldrop: [first]
      - labelallow: [job, filename, kind, colour, address]
      - geoip: {source: address, db_type: city, db: %s}
      - labeldrop: [address]
      - structured_metadata: {word: }
      - non_indexed_labels: {colour: }
      - pack: {labels: [kind], ingest_timestamp: false}
      - json: {expressions: {packed: _entry}}
      - output: {source: packed}
      - limit: {rate: 1000000, burst: 1000000}
      - match:
          selector: '{filename=~".+"} |= "#" != "~~"'
          stages:
            - metrics: {lines: {type: counter, config: {match_all: true, action: inc}}}
      - match: {selector: '{filename=~".+"} |= "nobody writes this"', action: drop}
      - tenant: {value: fake}
      - drop: {expression: 'nobody writes this', longer_than: 1}
      - sampling: {rate: 1}
      - level: {}
      - rate_limit: {lines_per_second: 1000000}`, r.geoDB()),
		trace: `- multiline: {firstline: '^\d{4}-', max_wait_time: 2s}`,
		read: `
    pipeline_stages:
      - multiline: {firstline: '^#'}
      - pack: {labels: [filename]}
      - json: {expressions: {packed: _entry}}
      - output: {source: packed}
      - sampling: {rate: 1}`,
	}
}

// geoDB writes a database of places and returns its path.
func (r *rig) geoDB() string {
	r.t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoLite2-City", IncludeReservedNetworks: true})
	r.check(err)
	_, network, err := net.ParseCIDR("192.0.2.0/24")
	r.check(err)
	r.check(tree.Insert(network, mmdbtype.Map{
		"city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String("Haifa")}},
	}))
	path := r.path("places.mmdb")
	f, err := os.Create(path)
	r.check(err)
	defer f.Close()
	_, err = tree.WriteTo(f)
	r.check(err)
	return path
}

// promtailStages are all stages of promtail.
var promtailStages = strings.Fields(`cri decolorize docker drop eventlogmessage geoip json labelallow labeldrop labels limit logfmt
	match metrics multiline non_indexed_labels output pack regex replace sampling static_labels structured_metadata template tenant
	timestamp`)

// checkStages fails the test for a stage that was left out.
func (r *rig) checkStages() {
	r.t.Helper()
	text, err := os.ReadFile(r.config)
	r.check(err)
	for _, name := range promtailStages {
		if !strings.Contains(string(text), "- "+name+":") {
			r.t.Errorf("not run: no stage %s in the configuration", name)
		}
	}
}
