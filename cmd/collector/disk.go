package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/tovtech/tovplay-logging/pipeline"
	"github.com/tovtech/tovplay-logging/pipeline/config"
	"github.com/tovtech/tovplay-logging/pipeline/quarantine"
	"github.com/tovtech/tovplay-logging/pipeline/ship"
	"github.com/tovtech/tovplay-logging/pipeline/spool"
)

// clientSpool is a spool as a client wants it.
type clientSpool struct{ *spool.Spool }

// Pending implements ship.Spool.
func (s clientSpool) Pending() []ship.SpoolRecord {
	found := s.Spool.Pending()
	all := make([]ship.SpoolRecord, len(found))
	for i, r := range found {
		all[i] = ship.SpoolRecord{ID: uint64(r.ID), Key: r.Key, Risk: pipeline.Risk(r.Kind), Size: r.Size}
	}
	return all
}

// Append implements ship.Spool.
func (s clientSpool) Append(records []ship.SpoolRecord, payloads [][]byte) error {
	items := make([]spool.Item, len(records))
	for i, r := range records {
		items[i] = spool.Item{Key: r.Key, Kind: uint8(r.Risk), Payload: payloads[i]}
	}
	ids, err := s.Spool.Append(items)
	for i, id := range ids {
		records[i].ID = uint64(id)
	}
	if errors.Is(err, spool.ErrFull) || errors.Is(err, spool.ErrTooLarge) { // fewer at a time may fit
		return fmt.Errorf("%w: %w", ship.ErrSpoolFull, err)
	}
	return err
}

// Read implements ship.Spool.
func (s clientSpool) Read(id uint64, buf []byte) ([]byte, error) {
	payload, err := s.Spool.Read(spool.ID(id), buf)
	if errors.Is(err, spool.ErrDamaged) {
		return nil, fmt.Errorf("%w: %w", ship.ErrSpoolDamaged, err)
	}
	return payload, err
}

// Done implements ship.Spool.
func (s clientSpool) Done(id uint64) { s.Spool.Done(spool.ID(id)) }

// newQuarantine returns what keeps the entries that a client's Loki refused, nil
// where the configuration wants none.
func (o *outputs) newQuarantine(client *config.Client) func([]ship.Refused) error {
	if o.cfg.Quarantine.MaxBytes == 0 {
		return nil
	}
	file := quarantine.Open(quarantine.Path(o.cfg.Positions.Filename, client.Name), quarantine.Options{
		MaxBytes: o.cfg.Quarantine.MaxBytes.Int64(),
		GaveUp: func(entries int, bytes int64) {
			o.log.Warn("the oldest entries in quarantine made room for new ones and are lost", "client", client.Name,
				"entries", entries, "bytes", bytes, "remedy", "raise quarantine.max_bytes, or look at: collector quarantine list")
		},
	})
	return func(refused []ship.Refused) error {
		var entries []quarantine.Entry
		for _, r := range refused {
			for i := r.From; i < r.To; i++ {
				entries = append(entries, keptEntry(r, i))
			}
		}
		return file.Add(entries)
	}
}

// keptEntry is entry i of the batch as it is kept.
func keptEntry(r ship.Refused, i int) quarantine.Entry {
	e := quarantine.Entry{
		Time: r.Batch.Time(i), Reason: r.Reason, Refused: time.Now(), Tenant: r.Tenant, Stream: r.Stream,
		Line: string(r.Batch.Line(i)),
	}
	for k := range r.Batch.Fields(i) {
		name, value := r.Batch.Field(i, k)
		e.Metadata = append(e.Metadata, quarantine.Field{Name: name, Value: string(value)})
	}
	return e
}
