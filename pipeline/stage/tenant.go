package stage

import (
	"fmt"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// tenantLabel is the label with the tenant of an entry's stream. It is no label
// of the stream. Promtail's name.
const tenantLabel = "__tenant_id__"

// tenant sets the tenant to a fixed value, or to that of a label or an extracted
// value, if there is one and it is not empty.
type tenant struct {
	to, label, source int // -1 if not given
	fixed             value
}

func (c *compiler) tenant(cfg *config.TenantStage) {
	s := &tenant{to: c.label(tenantLabel), label: -1, source: -1, fixed: text([]byte(cfg.Value))}
	if cfg.Label != "" {
		s.label = c.name(cfg.Label)
	}
	if cfg.Source != "" {
		s.source = c.name(cfg.Source)
	}
	c.add(s)
}

func (s *tenant) run(_ *Feed, r *record) verdict {
	v := s.fixed
	switch {
	case s.label >= 0:
		v = r.labels[s.label]
	case s.source >= 0:
		v = r.slots[s.source]
	}
	if v.state == present && len(v.text) > 0 {
		r.labels[s.to] = v
	}
	return next
}

// tenantOf is the tenant of the record's stream, or "" for the client's own. One
// that Loki does not take is none: the request would be refused for ever.
func (f *Feed) tenantOf(r *record) string {
	if f.tenant < 0 || len(r.labels[f.tenant].text) == 0 {
		return ""
	}
	id := string(r.labels[f.tenant].text)
	if !config.ValidTenant(id) {
		f.fail(tenantLabel, "tenant", fmt.Errorf("%.200q is no tenant that Loki takes", id))
		return ""
	}
	return id
}
