package dashboards

func hostCPU() Limits        { return over(0.9, 0.98) }
func hostMemory() Limits     { return over(0.9, 0.95) }
func hostDisk() Limits       { return over(0.85, 0.9) }
func daysToFull() Limits     { return warnUnder(1) }
func containerLimit() Limits { return warnOver(0.9) }
func restarts() Limits       { return warnOver(3) }
func outOfMemory() Limits    { return warnOver(1) }

const (
	cpuBusy    = `1 - avg by (instance) (rate(node_cpu_seconds_total{job="node", mode="idle"}[$__rate_interval]))`
	memoryUsed = `1 - node_memory_MemAvailable_bytes{job="node"} / node_memory_MemTotal_bytes{job="node"}`

	// onDisk are file systems that can fill: one of memory or of an image cannot, or is shown elsewhere.
	onDisk = `{job="node", fstype!~"tmpfs|ramfs|squashfs|iso9660|overlay|fuse.*|nsfs|rpc_pipefs"}`

	diskUsed = `max by (instance, device, mountpoint) (1 - node_filesystem_avail_bytes` + onDisk + ` / (node_filesystem_size_bytes` + onDisk + ` > 0))`
)

// packets is the rate of a kind of packets, in both directions.
func packets(kind string) string {
	return `rate(node_network_receive_` + kind + `_total{job="node", instance=~"$instance"}[$__rate_interval])` +
		` + rate(node_network_transmit_` + kind + `_total{job="node", instance=~"$instance"}[$__rate_interval])`
}

// on is diskUsed and the like for the hosts that are chosen.
func on(expr string) string { return expr + ` and on (instance) up{job="node", instance=~"$instance"}` }

func hostBoard() Board {
	// A year stands for a disk that does not fill, or has much room: what an hour of work wrote says little about that.
	daysLeft := `min by (instance, device, mountpoint) (clamp_max((node_filesystem_avail_bytes` + onDisk +
		` and node_filesystem_avail_bytes` + onDisk + ` / node_filesystem_size_bytes` + onDisk + ` < 0.4)` +
		` / clamp_min(-deriv(node_filesystem_avail_bytes` + onDisk + `[6h]), 1) / 86400, 365) or 0 * node_filesystem_avail_bytes` + onDisk + ` + 365)`
	swap := `1 - node_memory_SwapFree_bytes{job="node"} / (node_memory_SwapTotal_bytes{job="node"} > 0) or 0 * node_memory_SwapTotal_bytes{job="node"}`
	load := `max by (instance) (node_load15{job="node"}) / count by (instance) (node_cpu_seconds_total{job="node", mode="idle"})`
	return Board{
		UID: "tovplay-host", Folder: "Infrastructure", Title: "Host",
		Text:      "CPU, memory, disks, network and clock of each host, by node_exporter.",
		Variables: []Variable{instances("node")},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "Up", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether Prometheus reads the host's exporter.",
					Queries: []Query{prom(`up{job="node", instance=~"$instance"}`, "{{instance}}")}},
				{ID: 2, Kind: Stat, Title: "CPU", Unit: Ratio, Limits: hostCPU(),
					Text:    "Share of the CPU that is busy.",
					Queries: []Query{prom(on(cpuBusy), "{{instance}}")}},
				{ID: 3, Kind: Stat, Title: "Memory", Unit: Ratio, Limits: hostMemory(),
					Text:    "Share of the memory that is not available.",
					Queries: []Query{prom(on(memoryUsed), "{{instance}}")}},
				{ID: 4, Kind: Stat, Title: "Fullest disk", Unit: Ratio, Limits: hostDisk(),
					Text:    "The fullest file system, as df counts.",
					Queries: []Query{prom(on(`max by (instance) (`+diskUsed+`)`), "{{instance}}")}},
				{ID: 5, Kind: Stat, Title: "Days until a disk is full", Unit: Days, Limits: daysToFull(),
					Text:    "At the speed of the last 6 hours. 365 stands for a year or more, and for a disk of which 40 % are free.",
					Queries: []Query{prom(on(`min by (instance) (`+daysLeft+`)`), "{{instance}}")}},
				{ID: 6, Kind: Stat, Title: "Killed for lack of memory", Unit: Count, Limits: outOfMemory(),
					Text:    "Processes that the kernel killed in the last 15 minutes because memory ran out, those in containers too.",
					Queries: []Query{prom(`sum by (instance) (increase(node_vmstat_oom_kill{job="node", instance=~"$instance"}[15m]))`, "{{instance}}")}},
				{ID: 7, Kind: Stat, Title: "Running for", Unit: Seconds,
					Text:    "Time since the host started.",
					Queries: []Query{prom(`time() - node_boot_time_seconds{job="node", instance=~"$instance"}`, "{{instance}}")}},
			}},
			{ID: 101, Title: "CPU and memory", Height: 8, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "CPU", Unit: Ratio, Stacked: true, Limits: hostCPU(),
					Text: "What the CPU does. Much iowait: a disk is too slow. Much steal: the machine's owner gives it to others.",
					Queries: []Query{prom(`sum by (instance, mode) (rate(node_cpu_seconds_total{job="node", instance=~"$instance", mode!="idle"}[$__rate_interval]))`+
						` / on (instance) group_left () count by (instance) (node_cpu_seconds_total{job="node", mode="idle"})`, "{{mode}}")}},
				{ID: 11, Kind: Graph, Title: "Load", Unit: Count, Limits: warnOver(2),
					Text:    "Processes that run or wait for each core, mean of 15 minutes.",
					Queries: []Query{prom(on(load), "{{instance}}")}},
				{ID: 12, Kind: Graph, Title: "Memory", Unit: Ratio, Limits: hostMemory(),
					Text:    "Share of the memory that is not available.",
					Queries: []Query{prom(on(memoryUsed), "{{instance}}")}},
				{ID: 13, Kind: Graph, Title: "Swap", Unit: Ratio, Limits: warnOver(0.8),
					Text:    "Used share of the swap space; 0 where there is none.",
					Queries: []Query{prom(on(`(`+swap+`)`), "{{instance}}")}},
				{ID: 14, Kind: Graph, Title: "Killed for lack of memory", Unit: Count, Limits: outOfMemory(),
					Text:    "Processes that the kernel killed in the 15 minutes before because memory ran out, those in containers too.",
					Queries: []Query{prom(`sum by (instance) (increase(node_vmstat_oom_kill{job="node", instance=~"$instance"}[15m]))`, "{{instance}}")}},
				{ID: 15, Kind: Graph, Title: "Pages read from disk", Unit: PerSecond,
					Text:    "Pages of programs that had to be read from disk (major faults). Many for minutes: memory is short.",
					Queries: []Query{prom(`sum by (instance) (rate(node_vmstat_pgmajfault{job="node", instance=~"$instance"}[$__rate_interval]))`, "{{instance}}")}},
			}},
			{ID: 102, Title: "Disks", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Fullness", Unit: Ratio, Limits: hostDisk(),
					Text:    "Used share of each file system, as df counts: what only root may use is not free.",
					Queries: []Query{prom(on(diskUsed), "{{instance}} {{mountpoint}}")}},
				{ID: 21, Kind: Graph, Title: "Days until full", Unit: Days, Limits: daysToFull(),
					Text:    "At the speed of the 6 hours before. 365 stands for a year or more, and for a disk of which 40 % are free.",
					Queries: []Query{prom(on(daysLeft), "{{instance}} {{mountpoint}}")}},
				{ID: 22, Kind: Graph, Title: "Inodes", Unit: Ratio, Limits: warnOver(0.9),
					Text: "Used share of the number of files that each file system can have.",
					Queries: []Query{prom(on(`max by (instance, device, mountpoint) (1 - node_filesystem_files_free`+onDisk+` / (node_filesystem_files`+onDisk+` > 0))`),
						"{{instance}} {{mountpoint}}")}},
				{ID: 24, Kind: Graph, Title: "The root file system can be written", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "The kernel makes it read-only after errors of the disk.",
					Queries: []Query{prom(`1 - max by (instance) (node_filesystem_readonly{job="node", instance=~"$instance", mountpoint="/"})`, "{{instance}}")}},
				{ID: 23, Kind: Graph, Title: "Disk busy", Unit: Ratio,
					Text:    "Share of the time in which a disk had work.",
					Queries: []Query{prom(`rate(node_disk_io_time_seconds_total{job="node", instance=~"$instance"}[$__rate_interval])`, "{{instance}} {{device}}")}},
			}},
			{ID: 103, Title: "Disks and network", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Read and written", Unit: ByteRate,
					Text: "Bytes that were read from disks and written to them.",
					Queries: []Query{
						prom(`sum by (instance) (rate(node_disk_read_bytes_total{job="node", instance=~"$instance"}[$__rate_interval]))`, "{{instance}} read"),
						prom(`sum by (instance) (rate(node_disk_written_bytes_total{job="node", instance=~"$instance"}[$__rate_interval]))`, "{{instance}} written"),
					}},
				{ID: 31, Kind: Graph, Title: "Network", Unit: ByteRate,
					Text: "Bytes that came and went, without the loopback device.",
					Queries: []Query{
						prom(`sum by (instance) (rate(node_network_receive_bytes_total{job="node", instance=~"$instance", device!="lo"}[$__rate_interval]))`, "{{instance}} received"),
						prom(`sum by (instance) (rate(node_network_transmit_bytes_total{job="node", instance=~"$instance", device!="lo"}[$__rate_interval]))`, "{{instance}} sent"),
					}},
				{ID: 32, Kind: Graph, Title: "Network errors", Unit: Ratio, Limits: warnOver(0.01),
					Text:    "Share of packets with errors, of each device; 0 without packets.",
					Queries: []Query{prom(`(`+packets("errs")+`) / (`+packets("packets")+` > 0) or 0 * (`+packets("errs")+`)`, "{{instance}} {{device}}")}},
				{ID: 33, Kind: Graph, Title: "Clock", Unit: Seconds, Limits: warnOver(0.05),
					Text:    "How far the clock is off, by the kernel. Without time synchronisation this is 0 and means nothing.",
					Queries: []Query{prom(`abs(node_timex_offset_seconds{job="node", instance=~"$instance"})`, "{{instance}}")}},
				{ID: 34, Kind: Graph, Title: "The clock is synchronised", Unit: YesNo, Limits: warnUnder(1),
					Text: "Whether something keeps the clock right.",
					Queries: []Query{prom(`1 - (node_timex_sync_status{job="node", instance=~"$instance"} == bool 0)`+
						` * (node_timex_maxerror_seconds{job="node", instance=~"$instance"} >= bool 16)`, "{{instance}}")}},
			}},
			{ID: 104, Title: "Limits of the kernel", Height: 7, Panels: []Panel{
				{ID: 40, Kind: Graph, Title: "Open files", Unit: Ratio,
					Text:    "Open files of what the kernel allows.",
					Queries: []Query{prom(`node_filefd_allocated{job="node", instance=~"$instance"} / node_filefd_maximum{job="node", instance=~"$instance"}`, "{{instance}}")}},
				{ID: 41, Kind: Graph, Title: "Pressure", Unit: Ratio, Limits: warnOver(0.5),
					Text: "Share of the time in which some process waited for CPU, disk or memory. The limit is for disks.",
					Queries: []Query{
						prom(`rate(node_pressure_cpu_waiting_seconds_total{job="node", instance=~"$instance"}[$__rate_interval])`, "{{instance}} CPU"),
						prom(`rate(node_pressure_io_waiting_seconds_total{job="node", instance=~"$instance"}[$__rate_interval])`, "{{instance}} disk"),
						prom(`rate(node_pressure_memory_waiting_seconds_total{job="node", instance=~"$instance"}[$__rate_interval])`, "{{instance}} memory"),
					}},
			}},
		},
	}
}

// containersOf are those of the chosen services; cgroups that are no containers have no name.
const containersOf = `{job="cadvisor", name!="", container_label_com_docker_compose_service=~"$service"}`

func containersBoard() Board {
	use := func(metric string) string { return `max by (name) (` + metric + containersOf + `)` }
	ofLimit := use("container_memory_working_set_bytes") + ` / (` + use("container_spec_memory_limit_bytes") + ` > 0)`
	throttled := `sum by (name) (rate(container_cpu_cfs_throttled_periods_total` + containersOf + `[$__rate_interval]))` +
		` / (sum by (name) (rate(container_cpu_cfs_periods_total` + containersOf + `[$__rate_interval])) > 0)`
	restarted := `max by (name) (changes(container_start_time_seconds` + containersOf + `[15m]))`
	oom := `max by (name) (increase(container_oom_events_total` + containersOf + `[15m]))`
	return Board{
		UID: "tovplay-containers", Folder: "Infrastructure", Title: "Containers",
		Text: "What each container uses, by cAdvisor.",
		Variables: []Variable{{Name: "service", Label: "Service", Source: Prometheus,
			Query: `label_values(container_last_seen{job="cadvisor"}, container_label_com_docker_compose_service)`}},
		Rows: []Row{
			{ID: 100, Title: "Now", Height: 4, Panels: []Panel{
				{ID: 1, Kind: Stat, Title: "cAdvisor", Unit: YesNo, Limits: criticalUnder(1),
					Text:    "Whether Prometheus reads cAdvisor.",
					Queries: []Query{prom(`min(up{job="cadvisor"})`, "")}},
				{ID: 2, Kind: Stat, Title: "Containers", Unit: Count,
					Text:    "Containers that run.",
					Queries: []Query{prom(`count(count by (name) (container_last_seen`+containersOf+` > time() - 60))`, "")}},
				{ID: 3, Kind: Stat, Title: "Restarts", Unit: Count, Limits: restarts(),
					Text:    "The most restarts that a container had in the last 15 minutes.",
					Queries: []Query{prom(`max(`+restarted+`)`, "")}},
				{ID: 4, Kind: Stat, Title: "Killed for lack of memory", Unit: Count, Limits: outOfMemory(),
					Text:    "Processes in containers that the kernel killed in the last 15 minutes because they came to the container's limit.",
					Queries: []Query{prom(`sum(`+oom+`)`, "")}},
				{ID: 5, Kind: Stat, Title: "Memory of the limit", Unit: Ratio, Limits: containerLimit(),
					Text:    "The container that is nearest to its limit.",
					Queries: []Query{prom(`max(`+ofLimit+`)`, "")}},
			}},
			{ID: 101, Title: "CPU and memory", Height: 9, Panels: []Panel{
				{ID: 10, Kind: Graph, Title: "CPU", Unit: Count,
					Text:    "Cores that each container uses.",
					Queries: []Query{prom(`sum by (name) (rate(container_cpu_usage_seconds_total`+containersOf+`[$__rate_interval]))`, "{{name}}")}},
				{ID: 11, Kind: Graph, Title: "CPU throttled", Unit: Ratio, Limits: warnOver(0.25),
					Text:    "Share of the periods in which a container was held back by its CPU limit. Containers without a limit are not shown.",
					Queries: []Query{prom(throttled, "{{name}}")}},
				{ID: 12, Kind: Graph, Title: "Memory", Unit: Bytes,
					Text:    "Memory that cannot be taken away without killing (working set).",
					Queries: []Query{prom(use("container_memory_working_set_bytes"), "{{name}}")}},
				{ID: 13, Kind: Graph, Title: "Memory of the limit", Unit: Ratio, Limits: containerLimit(),
					Text:    "The same as share of the container's limit. Containers without a limit are not shown.",
					Queries: []Query{prom(ofLimit, "{{name}}")}},
			}},
			{ID: 102, Title: "Ends", Height: 8, Panels: []Panel{
				{ID: 20, Kind: Graph, Title: "Restarts", Unit: Count, Limits: restarts(),
					Text:    "Restarts in the 15 minutes before.",
					Queries: []Query{prom(restarted, "{{name}}")}},
				{ID: 21, Kind: Graph, Title: "Killed for lack of memory", Unit: Count, Limits: outOfMemory(),
					Text:    "Processes that were killed in the 15 minutes before, by container.",
					Queries: []Query{prom(oom, "{{name}}")}},
				{ID: 22, Kind: Graph, Title: "Last seen", Unit: Seconds, Limits: warnOver(60),
					Text:    "Time since cAdvisor saw the container. A container that ended disappears from here after some minutes.",
					Queries: []Query{prom(`time() - `+use("container_last_seen"), "{{name}}")}},
			}},
			{ID: 103, Title: "Network", Height: 8, Panels: []Panel{
				{ID: 30, Kind: Graph, Title: "Network", Unit: ByteRate,
					Text: "Bytes that came and went. For a container in the host's network they are those of the host.",
					Queries: []Query{
						prom(`sum by (name) (rate(container_network_receive_bytes_total`+containersOf+`[$__rate_interval]))`, "{{name}} received"),
						prom(`sum by (name) (rate(container_network_transmit_bytes_total`+containersOf+`[$__rate_interval]))`, "{{name}} sent"),
					}},
			}},
		},
	}
}
