package stage

import "github.com/tovtech/tovplay-logging/pipeline/config"

// templateStage makes an extracted value of a template. An empty result is none.
// When the template fails, the value stays as it was.
type templateStage struct {
	slot     int
	template *textTemplate
}

func (c *compiler) template(st *config.Stage) error {
	cfg := st.Template
	t, err := c.textTemplate(cfg.Template, st.Path+".template", cfg.TemplatePos, true)
	if err != nil {
		return err
	}
	c.add(&templateStage{c.name(cfg.Source), t})
	return nil
}

func (s *templateStage) run(f *Feed, r *record) verdict {
	from := len(f.scratch)
	s.template.prepare(f, r)
	if err := s.template.append(f, r, r.slots[s.slot], from); err != nil {
		f.scratch = f.scratch[:from]
		f.fail(s.template.place, "template", err)
		return next
	}
	if len(f.scratch) == from {
		r.slots[s.slot] = value{}
		return next
	}
	r.slots[s.slot] = f.copied(from)
	return next
}
