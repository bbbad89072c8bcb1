# Rules for pint, the linter of alert rules, as `make lint` runs it: without a Prometheus.
rule {
  # Containers are found by their names: that the backend's have "backend" in them is all that is known of them.
  disable = ["promql/regexp"]
}
