package stage

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// writeGeoDB writes a database with one network and returns its path.
func writeGeoDB(t testing.TB, kind string, record mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, network, _ := net.ParseCIDR("192.0.2.0/25")
	if err := tree.Insert(network, record); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.mmdb")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := tree.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	return path
}

func geoCityDB(t testing.TB) string {
	named := func(name, code string) mmdbtype.Map {
		return mmdbtype.Map{
			"names": mmdbtype.Map{"en": mmdbtype.String(name), "de": mmdbtype.String("?")},
			"code":  mmdbtype.String(code), "iso_code": mmdbtype.String(code),
		}
	}
	return writeGeoDB(t, "GeoLite2-City", mmdbtype.Map{
		"city": named("Haifa", ""), "country": named("Israel", "IL"), "continent": named("Asia", "AS"), "postal": named("", "31000"),
		"location":     mmdbtype.Map{"latitude": mmdbtype.Float64(32.8), "longitude": mmdbtype.Float64(35), "time_zone": mmdbtype.String("Asia/Jerusalem")},
		"subdivisions": mmdbtype.Slice{named("North", "N"), named("Haifa District", "HA")},
	})
}

func TestGeoIP(t *testing.T) {
	asn := writeGeoDB(t, "GeoLite2-ASN", mmdbtype.Map{
		"autonomous_system_number": mmdbtype.Uint32(64496), "autonomous_system_organization": mmdbtype.String("Example"),
	})
	runCases(t, []pipelineCase{
		{
			name: "city", stages: words + "- geoip: {source: a, db_type: city, db: " + geoCityDB(t) + "}",
			lines: []string{"192.0.2.1", "::ffff:192.0.2.2", "192.0.2.200", "2001:db8::1", "nobody", "192.0.2.1%eth0"},
			want: append([]entry{{city, "-", "-", ""}, {city, "-", "-", ""}},
				entry{"{}", "-", "-", ""}, entry{"{}", "-", "-", ""}, entry{"{}", "-", "-", ""}, entry{"{}", "-", "-", ""}),
		},
		{
			name: "asn; what is not found leaves a label as it is", stages: words + "- geoip: {source: a, db_type: asn, db: " + asn + "}\n- geoip: {source: gone, db_type: asn, db: " + asn + "}",
			labels: []string{"geoip_autonomous_system_number", "1"},
			lines:  []string{"192.0.2.1", "192.0.2.200"},
			want: []entry{
				{`{geoip_autonomous_system_number="64496", geoip_autonomous_system_organization="Example"}`, "-", "-", ""},
				{`{geoip_autonomous_system_number="1"}`, "-", "-", ""},
			},
		},
	})
}

const city = `{geoip_city_name="Haifa", geoip_continent_code="AS", geoip_continent_name="Asia", geoip_country_name="Israel", ` +
	`geoip_location_latitude="32.8", geoip_location_longitude="35", geoip_postal_code="31000", ` +
	`geoip_subdivision_code="HA", geoip_subdivision_name="Haifa District", geoip_timezone="Asia/Jerusalem"}`

func TestBadGeoDatabaseNamesThePlace(t *testing.T) {
	text := filepath.Join(t.TempDir(), "text.mmdb")
	if err := os.WriteFile(text, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	for db, want := range map[string]string{text: "open the database " + text, "/gone.mmdb": "no such file", geoCityDB(t): `it is of the type "GeoLite2-City", not asn`} {
		_, err := tryCompile(fmt.Sprintf("- geoip: {source: a, db_type: asn, db: %s}", db))
		var problem *config.Error
		if !errors.As(err, &problem) || problem.Path != "scrape_configs[0].pipeline_stages[0].geoip.db" || problem.Pos.Line == 0 || !strings.Contains(problem.Message, want) {
			t.Errorf("%s: got %v, want %s", db, err, want)
		}
	}
}

func TestAnAddressThatComesAgainAllocatesNothing(t *testing.T) {
	run := hotRun(t, hotCase{"geoip", words + "- geoip: {source: b, db_type: city, db: " + geoCityDB(t) + "}", "x 192.0.2.1"}, 64<<10)
	for range 2000 {
		run()
	}
	if got := testing.AllocsPerRun(1000, run); got > raceSlack {
		t.Errorf("%v allocations for each line", got)
	}
}

func BenchmarkGeoIP(b *testing.B) {
	run := hotRun(b, hotCase{"geoip", words + "- geoip: {source: b, db_type: city, db: " + geoCityDB(b) + "}", "x 192.0.2.1"}, 64<<10)
	for b.Loop() {
		run()
	}
}

// A program that nobody uses any more lets go of its database.
func TestDatabaseIsClosedWithItsProgram(t *testing.T) {
	path := geoCityDB(t)
	mapped := func() bool {
		maps, err := os.ReadFile("/proc/self/maps")
		if err != nil {
			t.Skip("there is no /proc")
		}
		return strings.Contains(string(maps), path)
	}
	p := compile(t, "- geoip: {db: "+path+", source: ip, db_type: city}")
	if !mapped() {
		t.Fatal("the database is not mapped")
	}
	runtime.KeepAlive(p)
	p = nil
	for deadline := time.Now().Add(10 * time.Second); mapped(); {
		if time.Now().After(deadline) {
			t.Fatal("the database is still mapped")
		}
		runtime.GC()
	}
}
