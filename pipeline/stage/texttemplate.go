package stage

import (
	"crypto/sha256"
	"crypto/sha3"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/Masterminds/sprig/v3"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// textTemplate is a template of Go's text/template with promtail's functions. It
// sees the extracted values by their names. One that is nothing but text and
// names is put together without the library.
type textTemplate struct {
	place string // in the configuration, for messages
	entry bool   // it sees the line as .Entry, as in the template stage
	tmpl  *template.Template
	parts []templatePart // instead of tmpl
	names []templatePart // the values that tmpl may ask for
	whole bool           // it may ask for any
}

// templatePart is a text, or the value of a name.
type templatePart struct {
	text string
	name string
	slot int
}

// The names of what a template works on, and of the line.
const (
	valueName = "Value"
	entryName = "Entry"
)

func (c *compiler) textTemplate(text, path string, pos config.Pos, entry bool) (*textTemplate, error) {
	if c.funcs == nil {
		c.funcs = templateFuncs()
	}
	tmpl, err := template.New("template").Funcs(c.funcs).Parse(text)
	if err != nil {
		reason := strings.TrimPrefix(err.Error(), "template: template:")
		return nil, &config.Error{
			Pos: pos, Path: path,
			Message: fmt.Sprintf("the template does not compile: line %s; it is a template of Go with the functions of sprig, such as '{{ .Value | ToUpper }}'", reason),
		}
	}
	t := &textTemplate{place: path, entry: entry}
	if t.split(c, tmpl) {
		return t, nil
	}
	t.tmpl, t.parts = tmpl, nil
	used := map[string]bool{}
	for _, one := range tmpl.Templates() {
		if one.Tree != nil {
			t.look(one.Root, used)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(used)) {
		t.names = append(t.names, templatePart{name: name, slot: c.name(name)})
	}
	return t, nil
}

// templateFuncs are the functions that promtail has in templates.
func templateFuncs() template.FuncMap {
	funcs := sprig.TxtFuncMap()
	maps.Copy(funcs, template.FuncMap{
		"ToLower": strings.ToLower, "ToUpper": strings.ToUpper, "Replace": strings.Replace,
		"Trim": strings.Trim, "TrimLeft": strings.TrimLeft, "TrimRight": strings.TrimRight,
		"TrimPrefix": strings.TrimPrefix, "TrimSuffix": strings.TrimSuffix, "TrimSpace": strings.TrimSpace,
		"Hash": func(salt, input string) string {
			sum := sha3.Sum256([]byte(salt + input))
			return hex.EncodeToString(sum[:])
		},
		"Sha2Hash": func(salt, input string) string {
			sum := sha256.Sum256([]byte(salt + input))
			return hex.EncodeToString(sum[:])
		},
		"regexReplaceAll": func(expr, s, repl string) (string, error) {
			re, err := regexp.Compile(expr)
			if err != nil {
				return "", err
			}
			return re.ReplaceAllString(s, repl), nil
		},
		"regexReplaceAllLiteral": func(expr, s, repl string) (string, error) {
			re, err := regexp.Compile(expr)
			if err != nil {
				return "", err
			}
			return re.ReplaceAllLiteralString(s, repl), nil
		},
	})
	return funcs
}

// split makes parts of a template that is nothing but text and names, and
// reports whether it is.
func (t *textTemplate) split(c *compiler, tmpl *template.Template) bool {
	if tmpl.Tree == nil {
		return true // nothing at all
	}
	for _, n := range tmpl.Root.Nodes {
		if text, ok := n.(*parse.TextNode); ok {
			t.parts = append(t.parts, templatePart{text: string(text.Text)})
			continue
		}
		name := plainName(n)
		if name == "" {
			return false
		}
		t.parts = append(t.parts, templatePart{name: name, slot: c.name(name)})
	}
	return true
}

// plainName is the name in {{ .name }}, or "" if a node is something else.
func plainName(n parse.Node) string {
	action, ok := n.(*parse.ActionNode)
	if !ok || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 || len(action.Pipe.Cmds[0].Args) != 1 {
		return ""
	}
	field, ok := action.Pipe.Cmds[0].Args[0].(*parse.FieldNode)
	if !ok || len(field.Ident) != 1 {
		return ""
	}
	return field.Ident[0]
}

// look collects the names that a node may ask for.
func (t *textTemplate) look(n parse.Node, used map[string]bool) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil { // there is no else
			return
		}
		for _, e := range n.Nodes {
			t.look(e, used)
		}
	case *parse.ActionNode:
		t.look(n.Pipe, used)
	case *parse.IfNode:
		t.lookBranch(&n.BranchNode, used)
	case *parse.RangeNode:
		t.lookBranch(&n.BranchNode, used)
	case *parse.WithNode:
		t.lookBranch(&n.BranchNode, used)
	case *parse.TemplateNode:
		t.look(n.Pipe, used)
	case *parse.PipeNode:
		if n == nil { // {{ template "x" }}
			return
		}
		for _, cmd := range n.Cmds {
			for _, arg := range cmd.Args {
				t.look(arg, used)
			}
		}
	case *parse.ChainNode:
		t.look(n.Node, used)
	case *parse.FieldNode:
		used[n.Ident[0]] = true
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			used[n.Ident[1]] = true
		}
		t.whole = t.whole || n.String() == "$"
	case *parse.DotNode:
		t.whole = true
	}
}

func (t *textTemplate) lookBranch(n *parse.BranchNode, used map[string]bool) {
	t.look(n.Pipe, used)
	t.look(n.List, used)
	t.look(n.ElseList, used)
}

// prepare gathers what the template may ask for. It is called once for a record
// before append.
func (t *textTemplate) prepare(f *Feed, r *record) {
	if t.tmpl == nil {
		return
	}
	if f.data == nil {
		f.data = map[string]any{}
	}
	clear(f.data)
	if t.whole {
		for _, l := range r.base.others {
			f.data[l.Name] = l.Value
		}
		for i, v := range r.slots {
			f.show(f.p.names[i], v)
		}
	}
	for _, n := range t.names {
		f.show(n.name, r.slots[n.slot])
	}
	if t.entry {
		f.show(entryName, text(r.line))
	}
}

// show lets the template that runs see a value, if it is there.
func (f *Feed) show(name string, v value) {
	if v.state == present {
		f.data[name] = view(v.text)
	}
}

// append appends to the scratch memory what the template makes of in, its
// .Value. From is where the text begins that may have maxJoined bytes.
func (t *textTemplate) append(f *Feed, r *record, in value, from int) error {
	f.written.f, f.written.from = f, from
	if t.tmpl == nil {
		return t.join(f, r, in)
	}
	f.show(valueName, in)
	return t.tmpl.Execute(&f.written, f.data)
}

// join is append for a template that is split.
func (t *textTemplate) join(f *Feed, r *record, in value) error {
	for i := range t.parts {
		p := &t.parts[i]
		out := p.text
		if p.name != "" {
			out = t.valueOf(p, r, in)
		}
		if _, err := f.written.WriteString(out); err != nil {
			return err
		}
	}
	return nil
}

func (t *textTemplate) valueOf(p *templatePart, r *record, in value) string {
	v := r.slots[p.slot]
	switch {
	case p.name == valueName && in.state == present:
		v = in
	case p.name == entryName && t.entry:
		v = text(r.line)
	}
	if v.state != present {
		return "<no value>" // as the library prints it
	}
	return view(v.text)
}

// scratchWriter appends what a template writes to a feed's scratch memory.
type scratchWriter struct {
	f    *Feed
	from int
}

func (w *scratchWriter) Write(p []byte) (int, error) { return w.WriteString(view(p)) }

func (w *scratchWriter) WriteString(s string) (int, error) {
	if len(w.f.scratch)-w.from+len(s) > maxJoined {
		return 0, fmt.Errorf("the result is longer than %d bytes", maxJoined)
	}
	w.f.scratch = append(w.f.scratch, s...)
	return len(s), nil
}
