package ship

import (
	"cmp"
	"container/list"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/golang/snappy"

	"github.com/tovtech/tovplay-logging/pipeline"
)

// Spool keeps batches on disk. Only this client uses it.
type Spool interface {
	// Pending returns what an earlier run left, oldest first.
	Pending() []SpoolRecord
	// Append writes all payloads or none. When it returns nil they are durable
	// and have their IDs. An error that wraps ErrSpoolFull asks for room.
	Append(records []SpoolRecord, payloads [][]byte) error
	// Read returns what was written.
	Read(id uint64, buf []byte) ([]byte, error)
	// Done frees the room of a record.
	Done(id uint64)
}

// SpoolRecord is a batch on disk.
type SpoolRecord struct {
	ID   uint64 // ascending in the order of writing
	Key  string // the stream: pipeline.Stream.AppendKey
	Risk pipeline.Risk
	Size int // bytes on disk
}

// ErrSpoolFull is wrapped by Spool.Append's error when there is no room.
var ErrSpoolFull = errors.New("the spool is full")

// ErrSpoolDamaged is wrapped by Spool.Read's error when the record is not what
// was written. After any other error it is read again later.
var ErrSpoolDamaged = errors.New("damaged in the spool")

const (
	// spoolAfter is how long Loki may be away before what cannot wait in memory
	// is written to disk.
	spoolAfter = 10 * time.Second
	// spoolEvery is how often it is looked for what has to be written.
	spoolEvery = time.Second
	// spoolPause lets batches come together that one write takes to disk.
	spoolPause = 50 * time.Millisecond
	// spoolGroup bounds the bytes of one write.
	spoolGroup = 4 << 20
)

// disk is the client's side of its spool.
type disk struct {
	spool   Spool
	wake    chan struct{} // holds a token when something may have to be written
	writing sync.Mutex    // held by whoever writes
	text    []byte        // memory of encode

	// Guarded by Client.mu.
	files    *list.List // of *item on disk that were read from files, oldest first
	fleeting *list.List // the same of pipes
	full     bool       // the last write found no room
	bytes    int64
	stopping bool
	trouble  string
}

func newDisk(s Spool) *disk {
	return &disk{spool: s, wake: make(chan struct{}, 1), files: list.New(), fleeting: list.New()}
}

func (d *disk) of(risk pipeline.Risk) *list.List {
	if risk == pipeline.Fleeting {
		return d.fleeting
	}
	return d.files
}

func (d *disk) wakeUp() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// UseSpool gives the client a spool and queues what an earlier run left there,
// with streams for its label sets. A record whose stream cannot be read is lost
// and counted. It is sent before what was delivered to the client already. Call it
// before Run.
func (c *Client) UseSpool(s Spool, streams *pipeline.Streams) {
	c.mu.Lock()
	defer c.unlockAndFinish()
	c.disk = newDisk(s)
	for _, record := range s.Pending() {
		tenant, labels, err := pipeline.ReadKey([]byte(record.Key))
		if err != nil {
			c.opts.Metrics.unreadable(c.opts.Name, record.Size)
			c.noteUnreadableLocked("", record.Size, err)
			c.later = append(c.later, func() { s.Done(record.ID) })
			continue
		}
		it := &item{record: record, left: -1, queue: c.queueLocked(streams.Get(tenant, labels))}
		it.queue.items = slices.Insert(it.queue.items, it.queue.onDisk, it)
		it.queue.onDisk++
		c.onDiskLocked(it, record)
	}
}

// onDiskLocked notes that an item is on disk.
func (c *Client) onDiskLocked(it *item, record SpoolRecord) {
	it.record = record
	it.order = c.disk.of(record.Risk).PushBack(it)
	c.disk.bytes += int64(record.Size)
}

// forgetLocked frees the room of an item that is on disk and done with.
func (c *Client) forgetLocked(it *item) {
	if !it.isOnDisk() {
		return
	}
	c.disk.of(it.record.Risk).Remove(it.order)
	it.order = nil
	c.disk.bytes -= int64(it.record.Size)
	c.disk.full = false
	c.later = append(c.later, func() { c.disk.spool.Done(it.record.ID) })
}

// loaded notes how many entries an item has that an earlier run left.
func (c *Client) loaded(it *item, batch *pipeline.Batch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loadedLocked(it, batch)
}

func (c *Client) loadedLocked(it *item, batch *pipeline.Batch) {
	if it.left < 0 {
		it.left = batch.Len()
		c.counts.Taken += it.left
		c.counts.OnDisk += it.left
	}
}

// read returns an item's batch from disk.
func (c *Client) read(it *item) (*pipeline.Batch, error) {
	packed, err := c.disk.spool.Read(it.record.ID, nil)
	if err != nil {
		return nil, err
	}
	data, err := snappy.Decode(nil, packed)
	if err != nil {
		return nil, fmt.Errorf("unpack a batch of %s: %w: %w", it.queue.labels, ErrSpoolDamaged, err)
	}
	batch, err := pipeline.ReadBatch(it.queue.stream, data)
	if err != nil {
		return nil, fmt.Errorf("read a batch of %s: %w: %w", it.queue.labels, ErrSpoolDamaged, err)
	}
	return batch, nil
}

// Spooled returns how many batches are on disk and how many bytes these have,
// and whether there is no room for more.
func (c *Client) Spooled() (batches int, bytes int64, full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.disk == nil {
		return 0, 0, false
	}
	return c.disk.files.Len() + c.disk.fleeting.Len(), c.disk.bytes, c.disk.full
}

// unreadableLocked counts an item that cannot be read back.
func (c *Client) unreadableLocked(it *item, err error) {
	c.counts.Taken -= max(0, it.left)
	c.countLocked(it, max(0, it.left))
	c.opts.Metrics.unreadable(c.opts.Name, it.record.Size)
	c.noteUnreadableLocked(it.queue.labels, it.record.Size, err)
}

// writeOut writes to disk what cannot wait in memory, until ctx is done.
func (c *Client) writeOut(ctx context.Context) {
	tick := time.NewTicker(spoolEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-c.disk.wake:
		}
		c.writeDue()
		select {
		case <-ctx.Done():
			return
		case <-time.After(spoolPause):
		}
	}
}

// Save writes to disk what would be gone after a stop. Call it when nothing is
// delivered any more.
func (c *Client) Save() {
	if c.disk == nil {
		return
	}
	c.mu.Lock()
	c.disk.stopping = true
	c.mu.Unlock()
	c.writeDue()
}

// Takes reports whether lines that bear a risk are written to disk if Loki does
// not take them.
func (c *Client) Takes(risk pipeline.Risk) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.disk != nil && (risk == pipeline.Fleeting || !c.alone || !c.disk.full)
}

// writeDue writes what has to be written now.
func (c *Client) writeDue() {
	d := c.disk
	d.writing.Lock()
	defer d.writing.Unlock()
	c.mu.Lock()
	items := c.dueLocked(time.Now())
	c.mu.Unlock()
	for len(items) > 0 {
		n, size := 0, int64(0)
		for n < len(items) && (n == 0 || size+items[n].batch.Memory() <= spoolGroup) {
			size += items[n].batch.Memory()
			n++
		}
		if err := c.write(items[:n]); err != nil {
			c.giveWay(items, err)
			return
		}
		items = items[n:]
	}
}

// dueLocked returns the items that cannot wait in memory, with those before them
// in their streams, in the order in which they came.
func (c *Client) dueLocked(now time.Time) []*item {
	all := c.mustWriteAllLocked(now)
	var due []*item
	for _, q := range c.queues {
		last := q.onDisk - 1
		for i := q.onDisk; i < len(q.items); i++ {
			if all || c.mustWriteLocked(q.items[i], now) {
				last = i
			}
		}
		for _, it := range q.items[q.onDisk : last+1] {
			it.writing = true
			due = append(due, it)
		}
	}
	slices.SortStableFunc(due, func(a, b *item) int { return a.since.Compare(b.since) })
	return due
}

// mustWriteAllLocked reports whether this client would hold up others.
func (c *Client) mustWriteAllLocked(now time.Time) bool {
	return !c.alone && (c.isFailingLocked(now) || c.memory > c.share/2)
}

func (c *Client) mustWriteLocked(it *item, now time.Time) bool {
	switch it.batch.Risk() {
	case pipeline.Unlinked:
		return true
	case pipeline.Fleeting:
		waits := now.Sub(it.since) >= spoolAfter
		return waits || c.disk.stopping || c.isFailingLocked(now) || c.failures > 0 && c.memory > c.share/2
	}
	return false
}

func (c *Client) isFailingLocked(now time.Time) bool {
	return c.failures > 0 && now.Sub(c.failingSince) >= spoolAfter
}

// write appends items to the spool, all or none. The caller holds disk.writing.
func (c *Client) write(items []*item) error {
	records, payloads := make([]SpoolRecord, len(items)), make([][]byte, len(items))
	entries := 0
	for i, it := range items {
		c.disk.text = it.batch.AppendTo(c.disk.text[:0])
		payloads[i] = snappy.Encode(nil, c.disk.text)
		records[i] = SpoolRecord{
			Key: string(it.queue.stream.AppendKey(nil)), Risk: it.batch.Risk(), Size: len(payloads[i]),
		}
		entries += it.batch.Len()
	}
	if err := c.disk.spool.Append(records, payloads); err != nil {
		return err
	}
	c.opts.Metrics.spooled(c.opts.Name, entries)
	c.mu.Lock()
	defer c.unlockAndFinish()
	c.disk.full = false
	c.noteSpoolLocked(nil)
	for i, it := range items {
		it.writing = false
		c.counts.InFlight -= it.left
		c.counts.OnDisk += it.left
		c.onDiskLocked(it, records[i])
		switch q := it.queue; {
		case it.over:
			c.freeLocked(it)
			c.forgetLocked(it)
		case q.busy && q.items[0] == it:
			q.onDisk++ // its sender frees it
		default:
			q.onDisk++
			c.freeLocked(it)
		}
	}
	return nil
}

// giveWay writes items one by one after all of them at once could not be. If
// there is no room, what may be given up is: of several clients this one's
// oldest, of a single one the oldest of what cannot wait. The rest stays in
// memory and is tried again.
func (c *Client) giveWay(items []*item, err error) {
	waits := map[*queue]bool{} // nothing overtakes what waits in its stream
	full := errors.Is(err, ErrSpoolFull)
	for _, it := range items {
		if full && !waits[it.queue] {
			if failure := c.force(it); failure != nil {
				err, full = failure, errors.Is(failure, ErrSpoolFull)
			}
		}
		if it.writing {
			waits[it.queue] = true
		}
	}
	c.mu.Lock()
	defer c.unlockAndFinish()
	for _, it := range items {
		if it.writing {
			it.writing = false
			if it.over {
				c.freeLocked(it)
			}
		}
	}
	if len(waits) > 0 {
		c.disk.full = full
		c.noteSpoolLocked(err)
	}
}

// force writes an item, and gives up others for that, or itself. If it may be
// none of that it is left as it was, with the error.
func (c *Client) force(it *item) error {
	for room, needs := int64(0), it.batch.Memory(); ; {
		if c.isOver(it) {
			return nil // what makes room for it would be given up for nothing
		}
		err := c.write([]*item{it})
		if err == nil || !errors.Is(err, ErrSpoolFull) {
			return err
		}
		// Beyond some room it is not the spool that fills the disk.
		if made := c.makeRoom(it.batch.Risk()); made > 0 && room < 2*needs {
			room += made
			continue
		}
		c.mu.Lock()
		if c.alone && it.batch.Risk() != pipeline.Fleeting || it.queue.busy && it.queue.items[0] == it || it.over {
			c.mu.Unlock()
			return err // it may not be given up, or its request is under way
		}
		it.writing = false
		c.giveUpLocked(it, it.batch, nil)
		c.unlockAndFinish()
		return err
	}
}

func (c *Client) isOver(it *item) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return it.over
}

// makeRoom gives up the oldest record that may be, for one of a risk that needs
// its room, and returns how many bytes it had.
func (c *Client) makeRoom(needs pipeline.Risk) int64 {
	var victim *item
	c.mu.Lock()
	switch {
	case !c.alone:
		victim = c.oldestLocked(c.disk.fleeting, c.disk.files)
	case needs == pipeline.Fleeting:
		victim = c.oldestLocked(c.disk.fleeting)
	}
	c.mu.Unlock()
	if victim == nil {
		return 0
	}
	size := int64(victim.record.Size)
	batch, err := c.read(victim)
	if err != nil && !errors.Is(err, ErrSpoolDamaged) {
		return 0 // it may be read another time, and nobody could count its entries now
	}
	c.mu.Lock()
	defer c.unlockAndFinish()
	if victim.over || !victim.isOnDisk() || victim.queue.busy && victim.queue.items[0] == victim {
		return size // it was sent meanwhile
	}
	c.giveUpLocked(victim, batch, err)
	return size
}

// oldestLocked returns the oldest item of lists that no sender has.
func (c *Client) oldestLocked(lists ...*list.List) *item {
	var oldest *item
	for _, l := range lists {
		for e := l.Front(); e != nil; e = e.Next() {
			it := e.Value.(*item)
			if it.queue.busy && it.queue.items[0] == it {
				continue
			}
			if oldest == nil || cmp.Less(it.record.ID, oldest.record.ID) {
				oldest = it
			}
			break
		}
	}
	return oldest
}

// giveUpLocked takes an item out of its queue and counts it as dropped.
func (c *Client) giveUpLocked(it *item, batch *pipeline.Batch, err error) {
	q := it.queue
	if err != nil {
		c.unreadableLocked(it, err)
	} else {
		c.loadedLocked(it, batch)
		j := &job{queue: q, item: it, batch: batch}
		c.dropLocked(j, part{batch.Len() - it.left, batch.Len()}, outcome{reason: reasonSpoolFull, err: ErrSpoolFull})
	}
	i := slices.Index(q.items, it)
	if i == 0 {
		q.todo, q.tries, q.stamp = q.todo[:0], 0, stamp{}
	}
	q.items = slices.Delete(q.items, i, i+1)
	if it.isOnDisk() {
		q.onDisk--
	}
	c.freeLocked(it)
	c.forgetLocked(it)
	if len(q.items) == 0 {
		delete(c.queues, q.stream)
		c.ready = slices.DeleteFunc(c.ready, func(other *queue) bool { return other == q })
		c.delayed = slices.DeleteFunc(c.delayed, func(other *queue) bool { return other == q })
	}
}
