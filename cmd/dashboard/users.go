package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/tovtech/tovplay-logging/internal/auth"
	"github.com/tovtech/tovplay-logging/internal/secret"
)

// passwd sets a password that it reads from stdin.
func passwd(ctx context.Context, args []string, env environment) error {
	flags := flag.NewFlagSet("dashboard passwd", flag.ContinueOnError)
	flags.SetOutput(env.stderr)
	dataDir := flags.String("data-dir", orDefault(env.getenv("DASHBOARD_DATA_DIR"), defaultDataDir), "folder of the database (DASHBOARD_DATA_DIR)")
	flags.Usage = func() {
		fmt.Fprintln(env.stderr, "Usage: dashboard passwd [-data-dir DIR] [USER]\nReads the new password from standard input, one line. USER is admin by default.")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	name := orDefault(flags.Arg(0), auth.AdminName)
	password, err := readPassword(env, name)
	if err != nil {
		return err
	}
	db, closeState, err := openState(ctx, *dataDir)
	if err != nil {
		return err
	}
	defer closeState()
	err = auth.New(db, time.Now).SetPassword(ctx, name, password)
	if errors.Is(err, auth.ErrNoUser) {
		return fmt.Errorf("%w in %s; start the dashboard once to make %s, or check -data-dir", err, *dataDir, auth.AdminName)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "The password of %s is changed; its sessions have ended.\n", name)
	if name == auth.AdminName {
		removeIfThere(filepath.Join(*dataDir, passwordFile), slog.New(slog.NewTextHandler(env.stderr, nil)))
	}
	if env.getenv("DASHBOARD_ADMIN_PASSWORD") != "" && name == auth.AdminName {
		fmt.Fprintln(env.stdout, "DASHBOARD_ADMIN_PASSWORD is set here: at the next start it replaces this password.")
	}
	return nil
}

// readPassword reads a line; what is typed at a terminal is not shown.
func readPassword(env environment, name string) (secret.String, error) {
	fmt.Fprintf(env.stderr, "New password for %s (at least %d characters), then Enter: ", name, auth.PasswordMin)
	defer fmt.Fprintln(env.stderr)
	if file, ok := env.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		typed, err := term.ReadPassword(int(file.Fd()))
		if err != nil {
			return secret.String{}, fmt.Errorf("read the password: %w", err)
		}
		return secret.New(string(typed)), nil
	}
	line, err := bufio.NewReader(env.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.String{}, fmt.Errorf("read the password: %w", err)
	}
	return secret.New(strings.TrimRight(line, "\r\n")), nil
}

const userUsage = `Usage: dashboard user [-data-dir DIR] list
       dashboard user [-data-dir DIR] add NAME [ROLE]     with a password that is read from standard input
       dashboard user [-data-dir DIR] role NAME ROLE
       dashboard user [-data-dir DIR] remove NAME
ROLE is viewer (the default) or admin. Viewers may do all but silence alerts and set up notifications.`

// manageUsers lists, adds, changes and removes those who may log in. The dashboard
// may run meanwhile.
func manageUsers(ctx context.Context, args []string, env environment) error {
	flags := flag.NewFlagSet("dashboard user", flag.ContinueOnError)
	flags.SetOutput(env.stderr)
	dataDir := flags.String("data-dir", orDefault(env.getenv("DASHBOARD_DATA_DIR"), defaultDataDir), "folder of the database (DASHBOARD_DATA_DIR)")
	flags.Usage = func() {
		fmt.Fprintln(env.stderr, userUsage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	verb, name, role := flags.Arg(0), flags.Arg(1), auth.Role(orDefault(flags.Arg(2), string(auth.RoleViewer)))
	forms := map[string]struct{ least, most int }{"list": {1, 1}, "add": {2, 3}, "role": {3, 3}, "remove": {2, 2}}
	if form, known := forms[verb]; !known || flags.NArg() < form.least || flags.NArg() > form.most {
		return fmt.Errorf("%q is none of these:\n%s", strings.Join(flags.Args(), " "), userUsage)
	}
	db, closeState, err := openState(ctx, *dataDir)
	if err != nil {
		return err
	}
	defer closeState()
	users := auth.New(db, time.Now)
	switch verb {
	case "list":
		return listUsers(ctx, users, env.stdout)
	case "add":
		return addUser(ctx, users, env, name, role)
	case "role":
		return users.SetRole(ctx, name, role)
	}
	return users.Remove(ctx, name)
}

func listUsers(ctx context.Context, users *auth.Users, out io.Writer) error {
	all, err := users.List(ctx)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, user := range all {
		fmt.Fprintf(table, "%s\t%s\n", user.Name, user.Role)
	}
	return table.Flush()
}

func addUser(ctx context.Context, users *auth.Users, env environment, name string, role auth.Role) error {
	password, err := readPassword(env, name)
	if err != nil {
		return err
	}
	if err := users.Add(ctx, name, role, password); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s may log in as %s.\n", name, role)
	return nil
}
