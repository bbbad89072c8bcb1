package oracle

import (
	"bytes"
	"net"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// geoDB is a MaxMind database that knows one network.
func geoDB(t testing.TB, kind string, record mmdbtype.Map) string {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: kind, IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	_, network, err := net.ParseCIDR("192.0.2.0/25")
	if err != nil {
		t.Fatal(err)
	}
	if err := tree.Insert(network, record); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

func geoCity() mmdbtype.Map {
	named := func(name, code string) mmdbtype.Map {
		return mmdbtype.Map{
			"names": mmdbtype.Map{"en": mmdbtype.String(name), "de": mmdbtype.String("?")},
			"code":  mmdbtype.String(code), "iso_code": mmdbtype.String(code),
		}
	}
	return mmdbtype.Map{
		"city": named("Haifa", ""), "country": named("Israel", "IL"), "continent": named("Asia", "AS"),
		"postal":       mmdbtype.Map{"code": mmdbtype.String("31000")},
		"location":     mmdbtype.Map{"latitude": mmdbtype.Float64(32.8), "longitude": mmdbtype.Float64(35), "time_zone": mmdbtype.String("Asia/Jerusalem")},
		"subdivisions": mmdbtype.Slice{named("North", "N"), named("Haifa District", "HA")},
	}
}

func geoASN() mmdbtype.Map {
	return mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64496), "autonomous_system_organization": mmdbtype.String("Example")}
}
