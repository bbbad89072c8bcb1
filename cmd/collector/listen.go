package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"golang.org/x/net/netutil"

	"github.com/tovtech/tovplay-logging/pipeline/config"
)

// listenerOf opens the listener that the configuration asks for.
func listenerOf(cfg *config.Server) (net.Listener, error) {
	var conf *tls.Config
	if cfg.HTTPTLSConfig.IsSet() {
		if _, err := serverTLS(cfg); err != nil {
			return nil, fmt.Errorf("server.http_tls_config: %w", err)
		}
		// The files are read for each handshake, so that renewed ones are used.
		conf = &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return serverTLS(cfg) }}
	}
	l, err := net.Listen(cfg.HTTPListenNetwork, cfg.ListenAddress())
	if err != nil {
		return nil, fmt.Errorf("listen for /metrics and /targets: %w; change server.http_listen_address or http_listen_port", err)
	}
	if cfg.HTTPListenConnLimit > 0 {
		l = netutil.LimitListener(l, cfg.HTTPListenConnLimit)
	}
	if conf != nil {
		l = tls.NewListener(l, conf)
	}
	return l, nil
}

// serverTLS reads the certificates of the listener.
func serverTLS(cfg *config.Server) (*tls.Config, error) {
	files := &cfg.HTTPTLSConfig
	cert, err1 := secret(files.Cert, files.CertFile)
	key, err2 := secret(files.Key.Reveal(), files.KeyFile)
	ca, err3 := secret(files.ClientCA, files.ClientCAFile)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		return nil, fmt.Errorf("read the certificate and its key: %w", err)
	}
	conf := &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: clientAuth(files.ClientAuthType),
		MinVersion: uint16(cfg.TLSMinVersion), CipherSuites: cfg.TLSCipherSuites,
	}
	if ca != "" {
		conf.ClientCAs = x509.NewCertPool()
		if !conf.ClientCAs.AppendCertsFromPEM([]byte(ca)) {
			return nil, errors.New("client_ca: no PEM certificate in it")
		}
	}
	return conf, nil
}

func clientAuth(name string) tls.ClientAuthType {
	return map[string]tls.ClientAuthType{
		config.ClientRequest: tls.RequestClientCert, config.ClientRequireAny: tls.RequireAnyClientCert,
		config.ClientVerifyIfGiven: tls.VerifyClientCertIfGiven, config.ClientRequireAndVerify: tls.RequireAndVerifyClientCert,
	}[name]
}

// httpServer serves h below the configured prefix.
func httpServer(cfg *config.Server, h http.Handler) *http.Server {
	if prefix := cfg.HTTPPathPrefix; prefix != "" {
		below := http.NewServeMux()
		below.Handle(prefix+"/", http.StripPrefix(prefix, h))
		h = below
	}
	return &http.Server{
		Handler:           h,
		ReadTimeout:       cfg.HTTPServerReadTimeout.Std(),
		ReadHeaderTimeout: cfg.HTTPServerReadHeaderTimeout.Std(),
		WriteTimeout:      cfg.HTTPServerWriteTimeout.Std(),
		IdleTimeout:       cfg.HTTPServerIdleTimeout.Std(),
	}
}

// serve answers requests until ctx is done, and gives those that are under way
// then the time that the configuration allows.
func (s *server) serve(ctx context.Context) error {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.grace)
		defer cancel()
		if s.http.Shutdown(grace) != nil {
			s.http.Close()
		}
	})
	err := s.http.Serve(s.listener)
	if !stop() {
		<-done
	}
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
