// Package health answers whether a program is ready, on the address that its flags name. Dapr's own server for this
// takes --healthz-listen-address and then listens on every interface (1.16.0, pkg/healthz/server).
package health

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/dapr/dapr/pkg/healthz"
)

const headerTimeout = 5 * time.Second

// Server returns a runner that serves GET /healthz on host:port until its context ends: 200 when every part of health
// is ready, else 503.
func Server(host string, port int, health healthz.Healthz) func(context.Context) error {
	return func(ctx context.Context) error {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		if err != nil {
			return err
		}
		mux := http.NewServeMux()
		mux.HandleFunc("GET /healthz", func(answer http.ResponseWriter, _ *http.Request) {
			if !health.IsReady() {
				answer.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout}
		stop := context.AfterFunc(ctx, func() { _ = server.Close() })
		defer stop()
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	}
}
