package config

import (
	"net/textproto"
	"reflect"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"golang.org/x/net/http/httpguts"
)

// HTTPClient is how a server is reached: Prometheus's HTTP client options.
type HTTPClient struct {
	// At most one of BasicAuth, Authorization, OAuth2 and the bearer token is
	// given.
	BasicAuth       *BasicAuth     `yaml:"basic_auth"`
	Authorization   *Authorization `yaml:"authorization"`
	OAuth2          *OAuth2        `yaml:"oauth2"`
	BearerToken     Secret         `yaml:"bearer_token"`
	BearerTokenFile string         `yaml:"bearer_token_file"`
	TLSConfig       TLSConfig      `yaml:"tls_config"`
	Proxy
	// FollowRedirects is true by default.
	FollowRedirects bool `yaml:"follow_redirects"`
	// HTTPHeaders are added to each request.
	HTTPHeaders HTTPHeaders `yaml:"http_headers"`

	// Promtail forces HTTP/1.1 whatever the file says.
	_ struct{} `ignored:"enable_http2"`
}

// Proxy says by which proxy requests go.
type Proxy struct {
	// ProxyURL is the proxy for all requests, zero for none.
	ProxyURL URL `yaml:"proxy_url"`
	// NoProxy are hosts, domains and networks that are reached without it,
	// separated by commas.
	NoProxy string `yaml:"no_proxy"`
	// ProxyFromEnvironment takes both from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
	ProxyFromEnvironment bool `yaml:"proxy_from_environment"`
	// ProxyConnectHeader are headers for the proxy alone.
	ProxyConnectHeader ProxyHeaders `yaml:"proxy_connect_header"`
}

// BasicAuth is a user and a password, each given directly or as the name of a
// file that holds it. At most one of each pair is set.
type BasicAuth struct {
	Username     string `yaml:"username"`
	UsernameFile string `yaml:"username_file"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`

	_ struct{} `unsupported:"username_ref password_ref" instead:"use username_file and password_file"`
}

// Authorization is an Authorization header of another type than Basic.
type Authorization struct {
	// Type is Bearer by default.
	Type string `yaml:"type"`
	// At most one of the two is set.
	Credentials     Secret `yaml:"credentials"`
	CredentialsFile string `yaml:"credentials_file"`

	_ struct{} `unsupported:"credentials_ref" instead:"use credentials_file"`
}

// OAuth2 gets a bearer token by client credentials (RFC 6749, section 4.4).
type OAuth2 struct {
	ClientID string `yaml:"client_id"`
	// At most one of the two is set.
	ClientSecret     Secret `yaml:"client_secret"`
	ClientSecretFile string `yaml:"client_secret_file"`

	Scopes   []string `yaml:"scopes"`
	TokenURL URL      `yaml:"token_url"`
	// EndpointParams are further parameters of the request for a token.
	EndpointParams map[string]Secret `yaml:"endpoint_params"`
	TLSConfig      TLSConfig         `yaml:"tls_config"`
	Proxy

	_ struct{} `unsupported:"client_secret_ref" instead:"use client_secret_file"`
}

// TLSConfig is the TLS side of a client. At most one of each pair of text and
// file is set; a certificate comes with a key.
type TLSConfig struct {
	CA       string `yaml:"ca"`
	CAFile   string `yaml:"ca_file"`
	Cert     string `yaml:"cert"`
	CertFile string `yaml:"cert_file"`
	Key      Secret `yaml:"key"`
	KeyFile  string `yaml:"key_file"`
	// ServerName is checked against the certificate, "" for the URL's host.
	ServerName         string `yaml:"server_name"`
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify"`
	// MinVersion and MaxVersion are a crypto/tls version, 0 for Go's choice.
	MinVersion TLSVersion `yaml:"min_version"`
	MaxVersion TLSVersion `yaml:"max_version"`

	_ struct{} `unsupported:"ca_ref cert_ref key_ref" instead:"use ca_file, cert_file and key_file"`
}

// HTTPHeaders are headers by their names in canonical form.
type HTTPHeaders map[string]HTTPHeader

// HTTPHeader is the values of one header: all that are given.
type HTTPHeader struct {
	Values  []Secret `yaml:"values"`
	Secrets []Secret `yaml:"secrets"`
	// Files hold a value each.
	Files []string `yaml:"files"`
}

func (h *HTTPHeaders) decodeNode(d *decoder, n *yaml.Node, at *place) {
	*h = HTTPHeaders{}
	d.headers(n, at, func(name string, value *yaml.Node, here *place) {
		if isHTTPClientHeader(name) {
			d.errorf(here, "this header is set by the request itself; remove it")
			return
		}
		var header HTTPHeader
		d.value(value, reflect.ValueOf(&header).Elem(), here)
		for _, v := range append(header.Values, header.Secrets...) {
			d.checkHeaderValue(v, here)
		}
		(*h)[name] = header
	})
}

// isHTTPClientHeader reports a header that Prometheus's HTTP client does not let
// the configuration set.
func isHTTPClientHeader(name string) bool {
	switch name {
	case "Authorization", "Host", "Content-Encoding", "Content-Length", "Content-Type", "User-Agent", "Connection", "Keep-Alive",
		"Proxy-Authenticate", "Proxy-Authorization", "Www-Authenticate", "Accept-Encoding",
		"X-Prometheus-Remote-Write-Version", "X-Prometheus-Remote-Read-Version", "X-Prometheus-Scrape-Timeout-Seconds",
		"X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Content-Sha256":
		return true
	}
	return false
}

// ProxyHeaders are headers with their values, by their names in canonical form.
type ProxyHeaders map[string][]Secret

func (h *ProxyHeaders) decodeNode(d *decoder, n *yaml.Node, at *place) {
	*h = ProxyHeaders{}
	d.headers(n, at, func(name string, value *yaml.Node, here *place) {
		var values []Secret
		d.value(value, reflect.ValueOf(&values).Elem(), here)
		for _, v := range values {
			d.checkHeaderValue(v, here)
		}
		(*h)[name] = values
	})
}

// headers calls each for the headers of a mapping, with their canonical names.
func (d *decoder) headers(n *yaml.Node, at *place, each func(name string, value *yaml.Node, here *place)) {
	entries, _ := d.entries(n, at)
	for _, e := range entries {
		here := at.child(e.key, e.pos)
		if !httpguts.ValidHeaderFieldName(e.key) {
			d.errorf(here, "%s is not a header's name; use letters, digits and -", quote(e.key))
			continue
		}
		each(textproto.CanonicalMIMEHeaderKey(e.key), e.value, here)
	}
}

func (d *decoder) checkHeaderValue(v Secret, at *place) {
	if !httpguts.ValidHeaderFieldValue(v.Reveal()) {
		d.errorf(at, "the value holds a line break or a control character; remove it")
	}
}

// check reports what does not fit together; s is the mapping that the options
// are part of.
func (c *HTTPClient) check(s scope) {
	var kinds []string
	for _, k := range []string{"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"} {
		if s.filled(k) {
			kinds = append(kinds, k)
		}
	}
	if len(kinds) > 1 {
		s.errorf(kinds[1], "there can be one kind of authentication; keep one of %s", strings.Join(kinds, ", "))
	}
	c.Proxy.check(s)
}

func (p *Proxy) check(s scope) {
	switch {
	case p.ProxyFromEnvironment && p.ProxyURL.IsSet():
		s.errorf("proxy_from_environment", "proxy_url and proxy_from_environment are both given; keep one")
	case p.ProxyFromEnvironment && p.NoProxy != "":
		s.errorf("no_proxy", "with proxy_from_environment the environment has NO_PROXY; remove no_proxy")
	case p.NoProxy != "" && !p.ProxyURL.IsSet():
		s.errorf("no_proxy", "without a meaning when there is no proxy_url; give it, or remove no_proxy")
	case len(p.ProxyConnectHeader) > 0 && !p.ProxyFromEnvironment && !p.ProxyURL.IsSet():
		s.errorf("proxy_connect_header", "without a meaning when there is no proxy; give proxy_url or proxy_from_environment")
	}
}

func (a *BasicAuth) validate(s scope) {
	s.oneOfPair("username", "username_file")
	s.oneOfPair("password", "password_file")
}

func (a *Authorization) validate(s scope) {
	s.oneOfPair("credentials", "credentials_file")
	a.Type = strings.TrimSpace(a.Type)
	if strings.EqualFold(a.Type, "basic") {
		s.errorf("type", "the type cannot be Basic; use basic_auth instead")
	}
	if a.Type == "" {
		a.Type = "Bearer"
	}
}

func (o *OAuth2) validate(s scope) {
	s.required("client_id", o.ClientID, "the name that the authorization server knows this client by")
	s.required("token_url", o.TokenURL.String(), "the address that gives tokens, such as https://auth.example.org/token")
	s.oneOfPair("client_secret", "client_secret_file")
	if !o.ClientSecret.IsSet() && o.ClientSecretFile == "" {
		s.errorf("client_secret_file", "required; give client_secret_file or client_secret")
	}
	o.Proxy.check(s)
}

func (c *TLSConfig) validate(s scope) {
	s.oneOfPair("ca", "ca_file")
	s.oneOfPair("cert", "cert_file")
	s.oneOfPair("key", "key_file")
	cert, key := c.Cert != "" || c.CertFile != "", c.Key.IsSet() || c.KeyFile != ""
	if cert && !key {
		s.errorf("key_file", "required beside a certificate; give key_file or key")
	}
	if key && !cert {
		s.errorf("cert_file", "required beside a key; give cert_file or cert")
	}
	if c.MaxVersion != 0 && c.MaxVersion < c.MinVersion {
		s.errorf("max_version", "%s is below min_version %s; make it equal or higher", c.MaxVersion, c.MinVersion)
	}
}
