package discover

import (
	"bytes"
	"os"
	"regexp"
	"strings"
)

// isOwn reports whether id is that of the container that the collector runs in.
func (d *Discoverer) isOwn(id string) bool {
	return d.opts.OwnContainer != "" && strings.HasPrefix(id, d.opts.OwnContainer)
}

// ownContainer is the id of the container that this process runs in, or its
// first twelve digits; "" if it runs in none, or that cannot be found out.
func ownContainer() string {
	hostname, err := os.Hostname()
	if err != nil {
		hostname = ""
	}
	var texts [2][]byte
	for i, path := range []string{"/proc/self/cgroup", "/proc/self/mountinfo"} {
		if texts[i], err = os.ReadFile(path); err != nil {
			texts[i] = nil
		}
	}
	return containerOf(texts[0], texts[1], hostname)
}

var (
	cgroupID   = regexp.MustCompile(`[/-]([0-9a-f]{64})(\.scope)?$`)
	mountID    = regexp.MustCompile(`/containers/([0-9a-f]{64})/(hostname|hosts|resolv\.conf) `)
	hostnameID = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

// containerOf finds the id in /proc/self/cgroup, which has it with version 1 of
// cgroups and in the host's namespace of version 2; in /proc/self/mountinfo, by
// the files that Docker mounts into each container; or in the host's name, which
// Docker sets if nobody else does.
func containerOf(cgroup, mountinfo []byte, hostname string) string {
	for line := range bytes.Lines(cgroup) {
		if m := cgroupID.FindSubmatch(bytes.TrimSpace(line)); m != nil {
			return string(m[1])
		}
	}
	if m := mountID.FindSubmatch(mountinfo); m != nil {
		return string(m[1])
	}
	return hostnameID.FindString(hostname)
}
