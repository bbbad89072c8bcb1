-- Events are read by key, and by time when they are looked for before an insert; both within days.
CREATE TABLE IF NOT EXISTS issue_events (
  hour DateTime('UTC'),
  time Int64 CODEC(Delta, ZSTD), -- unix nanoseconds
  id FixedString(16),
  key UInt64,
  exception UInt64,
  stream LowCardinality(String),
  env LowCardinality(String),
  service LowCardinality(String),
  level LowCardinality(String),
  type LowCardinality(String),
  message String CODEC(ZSTD),
  culprit LowCardinality(String),
  text String CODEC(ZSTD),
  correlation String,
  tags Map(LowCardinality(String), String)
) ENGINE = MergeTree
PARTITION BY toMonday(hour)
ORDER BY (toDate(hour), key, time, id);

-- A cell is replaced by one of a higher version; one of no events is gone. first and last are unix milliseconds.
CREATE TABLE IF NOT EXISTS issue_counts (
  hour DateTime('UTC') CODEC(Delta, ZSTD),
  key UInt64,
  stream LowCardinality(String),
  env LowCardinality(String),
  service LowCardinality(String),
  level LowCardinality(String),
  events UInt64,
  first Int64,
  last Int64,
  version UInt64
) ENGINE = ReplacingMergeTree(version)
PARTITION BY toMonday(hour)
ORDER BY (toDate(hour), key, hour, stream, env, service, level)
SETTINGS index_granularity = 1024, min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1;

-- The words of the different texts of a key.
CREATE TABLE IF NOT EXISTS issue_texts (
  key UInt64,
  hash UInt64,
  words String CODEC(ZSTD)
) ENGINE = ReplacingMergeTree
ORDER BY (key, hash);

-- Whole days of issue_counts, of all streams. Only the version that issue_days_done has last counts.
CREATE TABLE IF NOT EXISTS issue_days (
  day Date,
  key UInt64,
  env LowCardinality(String),
  service LowCardinality(String),
  level LowCardinality(String),
  events UInt64,
  first Int64,
  last Int64,
  version UInt64
) ENGINE = MergeTree
PARTITION BY toMonday(day)
ORDER BY (day, key, env, service, level)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS issue_days_done (
  day Date,
  version UInt64
) ENGINE = MergeTree
ORDER BY day;

-- Which tags keys had on which days.
CREATE TABLE IF NOT EXISTS issue_tags (
  day Date,
  name LowCardinality(String),
  value String,
  key UInt64
) ENGINE = ReplacingMergeTree
PARTITION BY toMonday(day)
ORDER BY (name, value, day, key);

-- Which functions are in the tracebacks of keys.
CREATE TABLE IF NOT EXISTS issue_functions (
  function String,
  key UInt64
) ENGINE = ReplacingMergeTree
ORDER BY (function, key);
