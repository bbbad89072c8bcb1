package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// options are the command line.
type options struct {
	file         string
	expandEnv    bool
	strict       bool
	checkSyntax  bool
	printConfig  bool
	logConfig    bool
	version      bool
	dryRun       bool
	inspect      bool
	settings     []config.Setting // of flags that stand for keys of the file
	ineffective  []string         // flags that were given and have no effect
	strayed      []string         // what stands behind the flags
	clientsGiven bool             // -client.url
}

// load reads the configuration that the options name.
func (o *options) load() (*config.Config, error) {
	cfg, err := config.Load(o.file, config.Options{
		ExpandEnv: o.expandEnv, LenientStages: !o.strict, Settings: o.settings,
	})
	if err != nil {
		return nil, err
	}
	if len(o.ineffective) > 0 {
		cfg.Warnings = append(cfg.Warnings, config.Warning{Pos: config.Pos{File: "command line"},
			Message: "accepted as promtail's and without effect here: " + strings.Join(o.ineffective, ", ")})
	}
	if len(o.strayed) > 0 {
		cfg.Warnings = append(cfg.Warnings, config.Warning{Pos: config.Pos{File: "command line"},
			Message: fmt.Sprintf("%q is no flag, so it and all behind it is ignored; write -flag=value, with -flag=true too", o.strayed[0])})
	}
	return cfg, nil
}

// parseFlags reads the command line of the collector. Its errors say what to do;
// after flag.ErrHelp the help is printed.
func parseFlags(args []string, stdout io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("collector", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // what Parse prints, its error says too
	o.register(fs)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, help())
		return o, err
	case err != nil:
		return o, explainFlag(err, fs)
	case !o.named() && !o.version:
		return o, errors.New("no configuration: give -config.file=FILE, for example -config.file=stack/collector.yaml")
	}
	o.strayed = fs.Args()
	return o, nil
}

// named reports whether the command line names a configuration: a file, or at
// least a client.
func (o *options) named() bool { return o.file != "" || o.clientsGiven }

// printOwn prints the flags that are a command's own: those with a word about
// them.
func printOwn(fs *flag.FlagSet, w io.Writer) {
	own := flag.NewFlagSet("", flag.ContinueOnError)
	own.SetOutput(w)
	fs.VisitAll(func(f *flag.Flag) {
		if f.Usage != "" {
			own.Var(f.Value, f.Name, f.Usage)
		}
	})
	own.PrintDefaults()
}

// explainFlag adds the nearest flag to the error about an unknown one.
func explainFlag(err error, fs *flag.FlagSet) error {
	name, unknown := strings.CutPrefix(err.Error(), "flag provided but not defined: -")
	if !unknown {
		return fmt.Errorf("%w; see collector -h", err)
	}
	var known []string
	fs.VisitAll(func(f *flag.Flag) { known = append(known, f.Name) })
	if near := config.Nearest(name, known); near != "" {
		return fmt.Errorf("there is no flag -%s; did you mean -%s?", name, near)
	}
	return fmt.Errorf("there is no flag -%s; see collector -h", name)
}

// register defines all flags.
func (o *options) register(fs *flag.FlagSet) {
	fs.StringVar(&o.file, "config.file", "", "")
	for _, f := range o.switches() {
		fs.BoolVar(f.value, f.name, false, "")
	}
	for _, f := range keyFlags() {
		fs.Var(&keyFlag{keyed: f, o: o}, f.name, "")
	}
	for _, name := range ineffectiveFlags() {
		name, isBool := strings.CutSuffix(name, "?")
		fs.Var(&ineffective{name: name, isBool: isBool, o: o}, name, "")
	}
}

// programSwitch is a flag of the program itself.
type programSwitch struct {
	value       *bool
	name, usage string
}

func (o *options) switches() []programSwitch {
	return []programSwitch{
		{&o.expandEnv, "config.expand-env", "put environment variables into it: ${VAR}, ${VAR:-default}, and bash's other operators"},
		{&o.strict, "config.strict", "take unknown keys inside stages for errors (own)"},
		{&o.checkSyntax, "check-syntax", "check the configuration, stages included, and exit"},
		{&o.printConfig, "print-config-stderr", "print the configuration as it is in force, without secrets"},
		{&o.logConfig, "log-config-reverse-order", "log it line by line, the last line first"},
		{&o.dryRun, "dry-run", "print what would be sent, and send, write and remember nothing"},
		{&o.inspect, "inspect", "print what each stage does to each entry"},
		{&o.version, "version", "print the version and exit"},
	}
}

// keyed is a flag that stands for a key of the file.
type keyed struct {
	name, key string
	kind      config.SettingKind
	isBool    bool
	// shown is the value in the help, such as DURATION with the default.
	shown, usage string
}

// keyFlag collects settings.
type keyFlag struct {
	keyed
	o *options
}

// String implements flag.Value.
func (f *keyFlag) String() string { return "" }

// IsBoolFlag lets -x stand for -x=true.
func (f *keyFlag) IsBoolFlag() bool { return f.isBool }

// Set implements flag.Value. The value is checked with the configuration.
func (f *keyFlag) Set(text string) error {
	if yes, err := strconv.ParseBool(text); f.isBool && err == nil {
		text = strconv.FormatBool(yes)
	}
	f.o.clientsGiven = f.o.clientsGiven || f.name == "client.url"
	f.o.settings = append(f.o.settings, config.Setting{From: "-" + f.name, Key: f.key, Value: text, Kind: f.kind})
	return nil
}

// ineffective is a flag of promtail's that has nothing to act upon.
type ineffective struct {
	name   string
	isBool bool
	o      *options
}

// String implements flag.Value.
func (f *ineffective) String() string { return "" }

// IsBoolFlag lets -x stand for -x=true.
func (f *ineffective) IsBoolFlag() bool { return f.isBool }

// Set implements flag.Value.
func (f *ineffective) Set(string) error {
	if name := "-" + f.name; !slices.Contains(f.o.ineffective, name) {
		f.o.ineffective = append(f.o.ineffective, name)
	}
	return nil
}
