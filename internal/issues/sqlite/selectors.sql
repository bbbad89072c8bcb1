-- By what a list selects keys: which tags they had on which days since 1970, and
-- which functions are in their tracebacks. Tags and functions are hashes. They are
-- made in a file that lacks them: of what it has already nothing is found by them.
CREATE TABLE IF NOT EXISTS tags (
  day INTEGER NOT NULL,
  tag INTEGER NOT NULL,
  key INTEGER NOT NULL,
  PRIMARY KEY (day, tag, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS functions (
  function INTEGER NOT NULL,
  key INTEGER NOT NULL,
  PRIMARY KEY (function, key)
) STRICT, WITHOUT ROWID;
