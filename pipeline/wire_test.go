package pipeline

import (
	"bytes"
	"reflect"
	"testing"
	"time"
)

// wireBatch is a batch with everything that an entry may have.
func wireBatch() *Batch {
	var sealed *Batch
	o := NewOutbox(Limits{BatchBytes: 1 << 20, BatchWait: time.Second, LineBytes: 1 << 18}, NewBudget(1<<30), 1, func(b *Batch) { sealed = b })
	for _, e := range []*Entry{
		{Line: []byte("first"), Time: 1, Meta: []Field{{"a", []byte("1")}, {"b", nil}}},
		{Line: nil, Time: -7, ReadTime: true},
		{Line: []byte("שלום\n\xff"), Time: 1 << 62, Meta: []Field{{"c", []byte("\x00")}}},
	} {
		o.Add(stream("wire"), e, epoch)
	}
	o.Flush()
	return sealed
}

func wantSameBatch(t *testing.T, got, want *Batch) {
	t.Helper()
	if got.Len() != want.Len() || got.Stream != want.Stream {
		t.Fatalf("%d entries of %v, want %d of %v", got.Len(), got.Stream, want.Len(), want.Stream)
	}
	for i := range want.Len() {
		if got.Time(i) != want.Time(i) || got.IsReadTime(i) != want.IsReadTime(i) || !bytes.Equal(got.Line(i), want.Line(i)) || got.Fields(i) != want.Fields(i) {
			t.Fatalf("entry %d differs", i)
		}
		for k := range want.Fields(i) {
			gotName, gotValue := got.Field(i, k)
			name, value := want.Field(i, k)
			if gotName != name || !bytes.Equal(gotValue, value) {
				t.Fatalf("field %d of entry %d is %s=%q, want %s=%q", k, i, gotName, gotValue, name, value)
			}
		}
	}
}

func TestABatchIsTheSameWhenItIsReadFromItsBytes(t *testing.T) {
	b := wireBatch()
	got, err := ReadBatch(b.Stream, b.AppendTo(nil))
	if err != nil {
		t.Fatal(err)
	}
	wantSameBatch(t, got, b)
	got.Done()
}

func TestAStreamIsTheSameWhenItIsReadFromItsKey(t *testing.T) {
	for _, s := range []*Stream{{}, {Tenant: "t"}, {Labels: []Label{{"a", "1"}, {"b", "\x00\""}}, Tenant: ""}} {
		tenant, labels, err := ReadKey(s.AppendKey(nil))
		if err != nil || tenant != s.Tenant || !reflect.DeepEqual(labels, s.Labels) {
			t.Errorf("%q %v, %v; want %q %v", tenant, labels, err, s.Tenant, s.Labels)
		}
	}
}

// Whatever is read is a batch that can be written and read again, or an error.
func FuzzReadBatch(f *testing.F) {
	f.Add(wireBatch().AppendTo(nil))
	f.Add([]byte{wireVersion, 0})
	f.Add([]byte{wireVersion, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBatch(stream0, data)
		if err != nil {
			return
		}
		again, err := ReadBatch(stream0, b.AppendTo(nil))
		if err != nil {
			t.Fatal(err)
		}
		wantSameBatch(t, again, b)
	})
}

func FuzzReadKey(f *testing.F) {
	f.Add((&Stream{Labels: []Label{{"a", "1"}}, Tenant: "t"}).AppendKey(nil))
	f.Fuzz(func(t *testing.T, key []byte) {
		tenant, labels, err := ReadKey(key)
		if err != nil {
			return
		}
		again, labelsAgain, err := ReadKey((&Stream{Labels: labels, Tenant: tenant}).AppendKey(nil))
		if err != nil || again != tenant || !reflect.DeepEqual(labelsAgain, labels) {
			t.Fatalf("%q %v, %v; want %q %v", again, labelsAgain, err, tenant, labels)
		}
	})
}
