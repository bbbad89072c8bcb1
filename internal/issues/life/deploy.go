package life

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tovtech/tovplay-logging/internal/issues"
)

// The sources of deploys.
const (
	FromCI    = "ci"    // somebody said so
	FromImage = "image" // a container was seen to run another image
)

// Deploy is another version of a service.
type Deploy struct {
	ID int64 `json:"id"`
	// Service and Env are what was deployed; empty ones stand for all.
	Service string    `json:"service"`
	Env     string    `json:"env"`
	Version string    `json:"version"`
	Source  string    `json:"source"`
	URL     string    `json:"url,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	At      time.Time `json:"at"`
}

// ErrDeploy means that a deploy lacks something or says something impossible.
var ErrDeploy = errors.New("this is no deploy")

// AddDeploy stores a deploy and returns it with its number. The same service,
// environment, version and time twice are one. A zero At is now.
func (t *Tracker) AddDeploy(ctx context.Context, d Deploy) (Deploy, error) {
	if d.At.IsZero() {
		d.At = t.Now()
	}
	if err := d.check(t.Now()); err != nil {
		return Deploy{}, err
	}
	err := t.write(ctx, "store the deploy "+d.Version, func(x *tx) (err error) {
		d, err = x.addDeploy(d)
		return err
	})
	return d, err
}

func (d *Deploy) check(now time.Time) error {
	switch {
	case d.Version == "":
		return fmt.Errorf("%w: it has no version", ErrDeploy)
	case len(d.Version)+len(d.Service)+len(d.Env)+len(d.URL) > 2000:
		return fmt.Errorf("%w: its texts have more than 2000 bytes", ErrDeploy)
	case d.At.After(now.Add(time.Hour)):
		return fmt.Errorf("%w: %s is in the future", ErrDeploy, d.At.Format(time.RFC3339))
	case d.URL != "" && !strings.HasPrefix(d.URL, "https://") && !strings.HasPrefix(d.URL, "http://"):
		return fmt.Errorf("%w: the address %q does not begin with https://", ErrDeploy, d.URL)
	}
	return nil
}

func (x *tx) addDeploy(d Deploy) (Deploy, error) {
	if d.Source == "" {
		d.Source = FromCI
	}
	err := x.exec("INSERT INTO deploys (service, env, version, source, url, actor, at) VALUES (?,?,?,?,?,?,?) ON CONFLICT DO NOTHING",
		d.Service, d.Env, d.Version, d.Source, d.URL, d.Actor, d.At.UnixNano())
	if err != nil {
		return d, err
	}
	row := x.QueryRowContext(x.ctx, "SELECT id FROM deploys WHERE service = ? AND env = ? AND version = ? AND at = ?", d.Service, d.Env, d.Version, d.At.UnixNano())
	return d, row.Scan(&d.ID)
}

// deployColumns are what scanDeploy reads.
const deployColumns = "SELECT id, service, env, version, source, url, actor, at FROM deploys "

func scanDeploy(scan scanner) (Deploy, error) {
	var d Deploy
	var at int64
	err := scan(&d.ID, &d.Service, &d.Env, &d.Version, &d.Source, &d.URL, &d.Actor, &at)
	d.At = timeOf(at)
	return d, err
}

// Deploys returns the deploys of a span, the newest first, at most 1000. An empty
// service or environment does not filter.
func (t *Tracker) Deploys(ctx context.Context, span issues.Span, service, env string) ([]Deploy, error) {
	var list []Deploy
	err := each(ctx, t.DB, deployColumns+`WHERE at >= ? AND at < ? AND (? = '' OR service IN ('', ?)) AND (? = '' OR env IN ('', ?))
		ORDER BY at DESC, id DESC LIMIT 1000`, func(scan scanner) error {
		d, err := scanDeploy(scan)
		list = append(list, d)
		return err
	}, span.From.UnixNano(), span.To.UnixNano(), service, service, env, env)
	if err != nil {
		return nil, fmt.Errorf("read deploys: %w", err)
	}
	return list, nil
}

// queryRow is a database or a transaction.
type queryRow interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// lastDeploy returns the last deploy of a service in (from, to], nil for none.
func lastDeploy(ctx context.Context, db queryRow, service, env string, from, to int64) (*Deploy, error) {
	row := db.QueryRowContext(ctx, deployColumns+`WHERE at > ? AND at <= ? AND service IN ('', ?) AND env IN ('', ?) ORDER BY at DESC LIMIT 1`, from, to, service, env)
	d, err := scanDeploy(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read deploys of %s: %w", service, err)
	}
	return &d, nil
}

func (x *tx) lastDeploy(service, env string, from, to int64) (*Deploy, error) {
	return lastDeploy(x.ctx, x.Tx, service, env, from, to)
}

// Image is an image that containers of a service run.
type Image struct{ Service, Env, Image string }

// imageForgotten is how long an image that is not seen while its service is stays
// known: when it comes again later, that is a deploy.
const imageForgotten = 10 * time.Minute

// SeeImages notes which images run, and makes a deploy of each that was not
// there when its service was last seen. The first image of a service is none.
func (t *Tracker) SeeImages(ctx context.Context, images []Image) error {
	if len(images) == 0 {
		return nil
	}
	return t.write(ctx, fmt.Sprintf("note %d images", len(images)), func(x *tx) error {
		var fresh []Image
		for _, image := range images {
			is, err := x.isNewImage(image)
			if err != nil {
				return err
			}
			if is {
				fresh = append(fresh, image)
			}
		}
		for _, image := range fresh {
			deploy := Deploy{Service: image.Service, Env: image.Env, Version: image.Image, Source: FromImage, At: t.Now()}
			if _, err := x.addDeploy(deploy); err != nil {
				return err
			}
		}
		for _, image := range images {
			err := x.exec("INSERT INTO images (service, env, image, seen) VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET seen = excluded.seen",
				image.Service, image.Env, image.Image, t.Now().UnixNano())
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// isNewImage reports whether the service was last seen with other images.
func (x *tx) isNewImage(image Image) (bool, error) {
	var service, seen sql.NullInt64
	row := x.QueryRowContext(x.ctx, "SELECT max(seen), max(CASE WHEN image = ? THEN seen END) FROM images WHERE service = ? AND env = ?", image.Image, image.Service, image.Env)
	if err := row.Scan(&service, &seen); err != nil {
		return false, err
	}
	return service.Valid && (!seen.Valid || seen.Int64 < service.Int64-imageForgotten.Nanoseconds()), nil
}
