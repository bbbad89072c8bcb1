-- How much Loki held, by hour: remembered, because Loki's index tells it slowly and Loki forgets. Times are unix seconds.
CREATE TABLE usage_hours (
    hour    INTEGER NOT NULL, -- its start, in UTC
    env     TEXT    NOT NULL, -- of streams without the label: ''
    service TEXT    NOT NULL,
    level   TEXT    NOT NULL,
    bytes   INTEGER NOT NULL,
    lines   INTEGER NOT NULL,
    PRIMARY KEY (hour, env, service, level)
) STRICT, WITHOUT ROWID;

-- Which days were counted, also those without a line.
CREATE TABLE usage_days (
    day        INTEGER PRIMARY KEY, -- its start, in UTC
    counted_at INTEGER NOT NULL
) STRICT;
