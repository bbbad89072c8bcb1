package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// checkPorts tries to listen on each port of assignments (VARIABLE=PORT) on loopback, and returns one error that names
// every port that is no port, given twice or taken, with its variable and, as far as proc tells, its holder.
func checkPorts(assignments []string, proc string) error {
	var problems []error
	variables := map[int]string{}
	for _, assignment := range assignments {
		variable, value, _ := strings.Cut(assignment, "=")
		port, err := strconv.Atoi(value)
		if err != nil || port < 1 || port > 65535 {
			problems = append(problems, fmt.Errorf("%s=%s is not a port: give a number from 1 to 65535", variable, value))
			continue
		}
		if other, twice := variables[port]; twice {
			problems = append(problems, fmt.Errorf("%s and %s are both port %d: give them different ones", other, variable, port))
			continue
		}
		variables[port] = variable
		if err := tryPort(port); err != nil {
			problems = append(problems, describe(port, variable, err, proc))
		}
	}
	return errors.Join(problems...)
}

func tryPort(port int) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return listener.Close()
}

func describe(port int, variable string, err error, proc string) error {
	if !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("port %d (%s) cannot be used: %w", port, variable, err)
	}
	return fmt.Errorf("port %d (%s) is in use by %s: stop that, or choose another port with %s=PORT",
		port, variable, holder(port, proc), variable)
}

// socket is a listening TCP socket, as a line of /proc/net/tcp has it.
type socket struct{ inode, uid string }

// holder names who listens on port: the program and its process id, or the user where only that may be seen.
func holder(port int, proc string) string {
	found, ok := listening(port, proc)
	if !ok {
		return "an unknown process"
	}
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*")) // the pattern is well formed
	for _, link := range links {
		if target, err := os.Readlink(link); err != nil || target != "socket:["+found.inode+"]" {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		name, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), filepath.Base(process))
	}
	owner := found.uid
	if account, err := user.LookupId(found.uid); err == nil {
		owner = account.Username
	}
	return "a process of user " + owner
}

// listening finds the socket that listens on port. The columns are those of proc_net_tcp in the kernel's documentation:
// 1 is the local address (hexadecimal address:port), 3 the state (0A: listening), 7 the user, 9 the inode.
func listening(port int, proc string) (socket, bool) {
	suffix := fmt.Sprintf(":%04X", port)
	for _, name := range []string{"tcp", "tcp6"} {
		table, err := os.ReadFile(filepath.Join(proc, "net", name))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(table)) {
			column := strings.Fields(line)
			if len(column) > 9 && strings.HasSuffix(column[1], suffix) && column[3] == "0A" {
				return socket{inode: column[9], uid: column[7]}, true
			}
		}
	}
	return socket{}, false
}
