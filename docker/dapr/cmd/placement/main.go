// Command placement tells every sidecar which host owns which actor: Dapr's service, with its flags by its own parser,
// and with its health answered only where --healthz-listen-address says.
package main

import (
	"os"

	"github.com/dapr/dapr/cmd/placement/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/placement"
	"github.com/dapr/dapr/pkg/placement/monitoring"
	"github.com/dapr/dapr/pkg/placement/raft"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"

	"todo-chatbot/dapr/internal/health"
)

var log = logger.NewLogger("dapr.placement")

func main() {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("wrong flags: %v", err)
	}
	if err := serve(opts); err != nil {
		log.Fatalf("placement ends: %v", err)
	}
}

// serve runs placement until a signal ends it.
func serve(opts *options.Options) error {
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return err
	}
	log.Infof("placement %s, log level %s", buildinfo.Version(), opts.Logger.OutputLevel)
	if err := monitoring.InitMetrics(); err != nil {
		return err
	}

	ctx := signals.Context()
	state := healthz.New()
	exporter := metrics.New(metrics.Options{
		Log:           log,
		Enabled:       opts.Metrics.Enabled(),
		ListenAddress: opts.Metrics.ListenAddress(),
		Port:          opts.Metrics.Port(),
		Namespace:     metrics.DefaultMetricNamespace,
		Healthz:       state,
	})
	identity, err := security.New(ctx, security.Options{
		AppID:                   "dapr-placement",
		Mode:                    modes.DaprMode(opts.Mode),
		MTLSEnabled:             opts.TLSEnabled,
		SentryAddress:           opts.SentryAddress,
		TrustAnchorsFile:        &opts.TrustAnchorsFile,
		ControlPlaneTrustDomain: opts.TrustDomain,
		ControlPlaneNamespace:   security.CurrentNamespace(),
		Healthz:                 state,
	})
	if err != nil {
		return err
	}

	service := placement.ServiceOpts{
		ListenAddress:      opts.PlacementListenAddress,
		Port:               opts.PlacementPort,
		KeepAliveTime:      opts.KeepAliveTime,
		KeepAliveTimeout:   opts.KeepAliveTimeout,
		DisseminateTimeout: opts.DisseminateTimeout,
		SecProvider:        identity,
		Healthz:            state,
		Raft: raft.Options{
			ID:                opts.RaftID,
			Peers:             opts.RaftPeers,
			InMem:             opts.RaftInMemEnabled,
			LogStorePath:      opts.RaftLogStorePath,
			ReplicationFactor: int64(opts.ReplicationFactor),
			MinAPILevel:       uint32(opts.MinAPILevel),
			MaxAPILevel:       uint32(opts.MaxAPILevel),
			Security:          identity,
			Healthz:           state,
		},
	}
	service.SetMinAPILevel(opts.MinAPILevel)
	service.SetMaxAPILevel(opts.MaxAPILevel)
	tables, err := placement.New(service)
	if err != nil {
		return err
	}

	return concurrency.NewRunnerManager(
		health.Server(opts.HealthzListenAddress, opts.HealthzPort, state),
		exporter.Start,
		identity.Run,
		tables.Run,
	).Run(ctx)
}
