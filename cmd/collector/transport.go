package main

import (
	"net/http"
	"time"

	prometheus "github.com/prometheus/common/config"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// newTransport makes requests as the configuration says, by Prometheus's own
// client. Certificates, authorities and secrets of files are read again when
// they have changed. What authorizer adds is left to it.
func newTransport(cfg *config.HTTPClient) (http.RoundTripper, error) {
	opts := prometheus.HTTPClientConfig{
		TLSConfig: tlsClient(cfg.TLSConfig), ProxyConfig: proxy(cfg.Proxy), FollowRedirects: cfg.FollowRedirects,
	}
	if o := cfg.OAuth2; o != nil {
		opts.OAuth2 = &prometheus.OAuth2{
			ClientID: o.ClientID, ClientSecret: prometheus.Secret(o.ClientSecret.Reveal()), ClientSecretFile: o.ClientSecretFile,
			Scopes: o.Scopes, TokenURL: o.TokenURL.Reveal().String(), EndpointParams: map[string]string{},
			TLSConfig: tlsClient(o.TLSConfig), ProxyConfig: proxy(o.Proxy),
		}
		for name, value := range o.EndpointParams {
			opts.OAuth2.EndpointParams[name] = value.Reveal()
		}
	}
	if len(cfg.HTTPHeaders) > 0 {
		opts.HTTPHeaders = &prometheus.Headers{Headers: map[string]prometheus.Header{}}
	}
	for name, h := range cfg.HTTPHeaders {
		opts.HTTPHeaders.Headers[name] = prometheus.Header{Secrets: append(reveal(h.Values), reveal(h.Secrets)...), Files: h.Files}
	}
	return prometheus.NewRoundTripperFromConfig(opts, "collector",
		prometheus.WithHTTP2Disabled(), prometheus.WithIdleConnTimeout(90*time.Second))
}

func tlsClient(cfg config.TLSConfig) prometheus.TLSConfig {
	return prometheus.TLSConfig{
		CA: cfg.CA, CAFile: cfg.CAFile, Cert: cfg.Cert, CertFile: cfg.CertFile,
		Key: prometheus.Secret(cfg.Key.Reveal()), KeyFile: cfg.KeyFile,
		ServerName: cfg.ServerName, InsecureSkipVerify: cfg.InsecureSkipVerify,
		MinVersion: prometheus.TLSVersion(cfg.MinVersion), MaxVersion: prometheus.TLSVersion(cfg.MaxVersion),
	}
}

func proxy(cfg config.Proxy) prometheus.ProxyConfig {
	p := prometheus.ProxyConfig{
		ProxyURL: prometheus.URL{URL: cfg.ProxyURL.Reveal()}, NoProxy: cfg.NoProxy,
		ProxyFromEnvironment: cfg.ProxyFromEnvironment,
	}
	for name, values := range cfg.ProxyConnectHeader {
		if p.ProxyConnectHeader == nil {
			p.ProxyConnectHeader = prometheus.ProxyHeader{}
		}
		p.ProxyConnectHeader[name] = reveal(values)
	}
	return p
}

func reveal(secrets []config.Secret) []prometheus.Secret {
	texts := make([]prometheus.Secret, len(secrets))
	for i, s := range secrets {
		texts[i] = prometheus.Secret(s.Reveal())
	}
	return texts
}
