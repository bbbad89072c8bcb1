package stage

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// geoIP sets labels to what a MaxMind database has about an address. What it has
// no word for leaves the label as it is.
type geoIP struct {
	place  string
	source int
	asn    bool
	db     *maxminddb.Reader
	labels []int // in the order of cityLabels or asnLabels
	state  int   // where each feed has what it found lately
}

// cityLabels and asnLabels are promtail's.
func cityLabels() []string {
	return []string{
		"geoip_city_name", "geoip_country_name", "geoip_continent_name", "geoip_continent_code", "geoip_location_latitude",
		"geoip_location_longitude", "geoip_postal_code", "geoip_timezone", "geoip_subdivision_name", "geoip_subdivision_code",
	}
}

func asnLabels() []string {
	return []string{"geoip_autonomous_system_number", "geoip_autonomous_system_organization"}
}

// The parts of a record that become labels.
type (
	geoNames struct {
		English string `maxminddb:"en"`
	}
	geoPlace struct {
		Names geoNames `maxminddb:"names"`
		Code  string   `maxminddb:"code"`
		ISO   string   `maxminddb:"iso_code"`
	}
	geoCity struct {
		City      geoPlace `maxminddb:"city"`
		Country   geoPlace `maxminddb:"country"`
		Continent geoPlace `maxminddb:"continent"`
		Location  struct {
			Latitude  *float64 `maxminddb:"latitude"`
			Longitude *float64 `maxminddb:"longitude"`
			TimeZone  string   `maxminddb:"time_zone"`
		} `maxminddb:"location"`
		Postal       geoPlace   `maxminddb:"postal"`
		Subdivisions []geoPlace `maxminddb:"subdivisions"`
	}
	geoASN struct {
		Number       uint   `maxminddb:"autonomous_system_number"`
		Organization string `maxminddb:"autonomous_system_organization"`
	}
)

func (c *compiler) geoIP(st *config.Stage) error {
	cfg := st.GeoIP
	s := &geoIP{place: st.Path, source: c.name(cfg.Source), asn: cfg.DBType == config.GeoASN, state: c.p.places}
	c.p.places++
	names, kinds := cityLabels(), []string{"City", "Country", "Enterprise"}
	if s.asn {
		names, kinds = asnLabels(), []string{"ASN", "ISP"}
	}
	db, err := maxminddb.Open(cfg.DB)
	if err == nil && !containsAny(db.Metadata.DatabaseType, kinds) {
		err = fmt.Errorf("it is of the type %q, not %s", db.Metadata.DatabaseType, cfg.DBType)
	}
	if err != nil {
		return &config.Error{Pos: cfg.DBPos, Path: st.Path + ".db", Message: fmt.Sprintf("open the database %s: %v; give a MaxMind file", cfg.DB, err)}
	}
	s.db = db
	for _, name := range names {
		s.labels = append(s.labels, c.label(name))
	}
	c.add(s)
	return nil
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

func (s *geoIP) run(f *Feed, r *record) verdict {
	in := r.slots[s.source]
	if in.state != present {
		return next
	}
	addr, err := netip.ParseAddr(view(in.text))
	if err != nil || addr.Zone() != "" {
		return next
	}
	for i, v := range s.valuesOf(f, addr.Unmap()) {
		if len(v.text) > 0 {
			r.labels[s.labels[i]] = v
		}
	}
	return next
}

// valuesOf is what the database has about an address, in the order of the labels.
func (s *geoIP) valuesOf(f *Feed, addr netip.Addr) []value {
	byAddr := f.places[s.state]
	if byAddr == nil || len(byAddr) >= maxLabelSets {
		byAddr = map[netip.Addr][]value{}
		f.places[s.state] = byAddr
	}
	values, ok := byAddr[addr]
	if !ok {
		texts, err := s.look(addr)
		if err != nil {
			f.fail(s.place, "geoip", errors.New("the database cannot be read: "+err.Error()))
		}
		for _, t := range texts {
			values = append(values, text([]byte(t)))
		}
		byAddr[addr] = values
	}
	return values
}

func (s *geoIP) look(addr netip.Addr) ([]string, error) {
	result := s.db.Lookup(addr)
	if s.asn {
		var a geoASN
		if err := result.Decode(&a); err != nil || a.Number == 0 {
			return []string{"", a.Organization}, err
		}
		return []string{strconv.FormatUint(uint64(a.Number), 10), a.Organization}, nil
	}
	var c geoCity
	if err := result.Decode(&c); err != nil {
		return nil, err
	}
	var latitude, longitude string
	if l := c.Location; l.Latitude != nil && l.Longitude != nil {
		latitude, longitude = fmt.Sprint(*l.Latitude), fmt.Sprint(*l.Longitude)
	}
	var part geoPlace // the most specific one
	if n := len(c.Subdivisions); n > 0 {
		part = c.Subdivisions[n-1]
	}
	return []string{
		c.City.Names.English, c.Country.Names.English, c.Continent.Names.English, c.Continent.Code, latitude,
		longitude, c.Postal.Code, c.Location.TimeZone, part.Names.English, part.ISO,
	}, nil
}
