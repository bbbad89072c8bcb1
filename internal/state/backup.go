package state

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Backup writes the database into a new file, while it is in use as well. The
// error wraps fs.ErrExist if there is such a file.
func Backup(ctx context.Context, db *sql.DB, path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("back up to %s: %w", path, fs.ErrExist)
	}
	return backup(ctx, db, path)
}

// Check reads the whole database and says what is damaged.
func Check(ctx context.Context, db *sql.DB) error {
	var answer string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&answer); err != nil {
		return fmt.Errorf("check the database: %w", err)
	}
	if answer != "ok" {
		return fmt.Errorf("check the database: it is damaged: %s", answer)
	}
	return nil
}

// Restore puts a backup in the place of the database in dir, and returns where the
// old one is kept, "" if there was none. The error wraps ErrInUse when a process
// holds the database. A backup that is damaged or newer than this program is
// refused, and nothing is changed.
func Restore(ctx context.Context, dir, from string) (kept string, err error) {
	alone, err := lock(dir, unix.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer alone.Close()
	path := filepath.Join(dir, FileName)
	if err := checkBackup(ctx, dir, from); err != nil {
		return "", err
	}
	kept = path + ".before-restore"
	for _, suffix := range [...]string{"", "-wal", "-shm"} {
		if err := os.Rename(path+suffix, kept+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("keep the old database: %w", err)
		}
	}
	if err := copyFile(path, from); err != nil {
		return kept, fmt.Errorf("restore %s: %w; the old database is %s", from, err, kept)
	}
	if _, err := os.Lstat(kept); err != nil {
		return "", nil
	}
	return kept, nil
}

// checkBackup opens a copy of the backup, as the dashboard would.
func checkBackup(ctx context.Context, dir, from string) (err error) {
	trial, err := os.MkdirTemp(dir, "restore-")
	if err != nil {
		return fmt.Errorf("check the backup %s: %w", from, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(trial)) }()
	if err := copyFile(filepath.Join(trial, FileName), from); err != nil {
		return fmt.Errorf("check the backup %s: %w", from, err)
	}
	db, err := Open(ctx, trial)
	if err != nil {
		return fmt.Errorf("check the backup %s: %w", from, err)
	}
	return errors.Join(Check(ctx, db), db.Close())
}

// copyFile copies a file, readable for its owner alone, onto the disk.
func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
