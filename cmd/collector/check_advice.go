package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// advice is something that would make a configuration better.
type advice struct {
	write string   // what to write or to remove
	why   string   // the reason, in a sentence or two
	jobs  []string // where, nil for the whole configuration
}

// advise returns what would make a configuration better, in the order of the
// file's blocks.
func advise(cfg *config.Config) []advice {
	all := adviseOnTheWhole(cfg)
	for _, rule := range jobRules() {
		a := advice{write: rule.write, why: rule.why}
		for i := range cfg.ScrapeConfigs {
			if job := &cfg.ScrapeConfigs[i]; rule.applies(job) {
				a.jobs = append(a.jobs, job.JobName)
			}
		}
		if len(a.jobs) > 0 {
			all = append(all, a)
		}
	}
	return all
}

func adviseOnTheWhole(cfg *config.Config) (all []advice) {
	for i := range cfg.Clients {
		c := &cfg.Clients[i]
		if n := c.BackoffConfig.MaxRetries; n != nil && *n > 0 {
			all = append(all, advice{
				write: fmt.Sprintf("remove max_retries: %d of client %s", *n, c.Name),
				why:   "With it a batch is lost after so many tries, as with promtail. Without it lines wait in their files until Loki is back.",
			})
		}
		if c.DropRateLimitedBatches {
			all = append(all, advice{
				write: "remove drop_rate_limited_batches of client " + c.Name,
				why:   "With it is lost what Loki has no room for at the moment. Without it the stream waits, and the others go on.",
			})
		}
	}
	if strings.HasPrefix(cfg.Positions.Filename, "/tmp/") {
		all = append(all, advice{
			write: "positions: {filename: /var/lib/collector/positions.yaml}",
			why:   "What is in /tmp is gone after a restart of the machine, and everything would be read again. Move promtail's file there first.",
		})
	}
	if cfg.LabelLimit.Values == 0 {
		all = append(all, advice{
			write: "label_limit: {values: 1000}",
			why:   "A label with a value for each request makes a stream of each, which Loki does not bear. With the limit further values become structured metadata.",
		})
	}
	if !slices.ContainsFunc(cfg.ScrapeConfigs, func(job config.ScrapeConfig) bool { return hasStage(job.PipelineStages, "rate_limit", "limit") }) {
		all = append(all, advice{
			write: "in pipeline_stages: - rate_limit: {lines_per_second: 1000}",
			why:   "One program that logs in a loop fills Loki for all. The stage drops what is above the rate of each file or container, and leaves a line that says how many.",
		})
	}
	return all
}

// jobRule is advice for the jobs that it applies to.
type jobRule struct {
	write, why string
	applies    func(*config.ScrapeConfig) bool
}

func jobRules() []jobRule {
	return []jobRule{
		{
			write:   "docker_files: {}",
			why:     "It finds the containers in Docker's data folder, with the labels container, service, compose_project and stream, rotated logs and short-lived containers included.",
			applies: readsDockersFolder,
		},
		{
			write: "in docker_sd_configs: container_labels: true",
			why:   "Without relabel_configs containers have no labels, and Loki takes no stream without one. This gives them container, service, compose_project and stream.",
			applies: func(job *config.ScrapeConfig) bool {
				return len(job.RelabelConfigs) == 0 && slices.ContainsFunc(job.DockerSDConfigs, func(sd config.DockerSD) bool { return !sd.ContainerLabels })
			},
		},
		{
			write: "ignore_own_container: true",
			why:   "A collector in a container that ships its own log may feed itself.",
			applies: func(job *config.ScrapeConfig) bool {
				return job.DockerFiles != nil && !job.DockerFiles.IgnoreOwnContainer ||
					slices.ContainsFunc(job.DockerSDConfigs, func(sd config.DockerSD) bool { return !sd.IgnoreOwnContainer })
			},
		},
		{
			write: "ignore_older: 168h",
			why:   "The first start reads files of any age, and Loki refuses what is older than a week.",
			applies: func(job *config.ScrapeConfig) bool {
				return job.IgnoreOlder == 0 && (len(job.StaticConfigs)+len(job.FileSDConfigs)+len(job.DockerSDConfigs) > 0 || job.DockerFiles != nil)
			},
		},
		{
			write: "in pipeline_stages: - docker: {join: true}",
			why:   "Docker cuts lines into parts of 16 KiB. With join they are one entry again.",
			applies: func(job *config.ScrapeConfig) bool {
				return len(job.DockerSDConfigs) == 0 &&
					slices.ContainsFunc(job.PipelineStages, func(s config.Stage) bool { return s.Docker != nil && !s.Docker.Join })
			},
		},
		{
			write: "in pipeline_stages: - tracebacks: {}",
			why:   "It makes one entry of a traceback of Python, Go, Java or Node, and needs no expression.",
			applies: func(job *config.ScrapeConfig) bool {
				return job.NotCollected() == "" && job.Journal == nil && !hasStage(job.PipelineStages, "tracebacks", "multiline")
			},
		},
		{
			write: "in pipeline_stages: - level: {}",
			why:   "It sets the label level from whatever the line says, by which errors are found and counted.",
			applies: func(job *config.ScrapeConfig) bool {
				return job.NotCollected() == "" && !hasStage(job.PipelineStages, "level")
			},
		},
		{
			write: "in pipeline_stages: - error_group: {}, after level",
			why:   "It writes beside each error which others are the same issue, by which they are counted.",
			applies: func(job *config.ScrapeConfig) bool {
				return job.NotCollected() == "" && !hasStage(job.PipelineStages, "error_group")
			},
		},
	}
}

// readsDockersFolder reports whether a job reads containers' logs by a glob.
func readsDockersFolder(job *config.ScrapeConfig) bool {
	return slices.ContainsFunc(job.StaticConfigs, func(g config.StaticConfig) bool {
		return strings.Contains(g.Path(), "/docker/containers/")
	})
}

// hasStage reports whether one of the stages, or of those inside match, has one
// of the names.
func hasStage(stages []config.Stage, names ...string) bool {
	return slices.ContainsFunc(stages, func(s config.Stage) bool {
		return slices.Contains(names, s.Name) || s.Match != nil && hasStage(s.Match.Stages, names...)
	})
}
