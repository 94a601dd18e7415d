// Command scheduler keeps reminders and fires them: Dapr's service, with its flags by its own parser, and with its
// health answered only where --healthz-listen-address says.
package main

import (
	"context"
	"os"

	"github.com/dapr/dapr/cmd/scheduler/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/scheduler/monitoring"
	"github.com/dapr/dapr/pkg/scheduler/server"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"

	"todo-chatbot/dapr/internal/health"
)

var log = logger.NewLogger("dapr.scheduler")

func main() {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("wrong flags: %v", err)
	}
	if err := serve(opts); err != nil {
		log.Fatalf("scheduler ends: %v", err)
	}
}

// serve runs the scheduler until a signal ends it.
func serve(opts *options.Options) error {
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return err
	}
	log.Infof("scheduler %s, log level %s", buildinfo.Version(), opts.Logger.OutputLevel)
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
		AppID:                   "dapr-scheduler",
		Mode:                    modes.DaprMode(opts.Mode),
		MTLSEnabled:             opts.TLSEnabled || opts.Mode == string(modes.KubernetesMode),
		SentryAddress:           opts.SentryAddress,
		TrustAnchorsFile:        opts.TrustAnchorsFile,
		WriteIdentityToFile:     &opts.IdentityDirectoryWrite,
		ControlPlaneTrustDomain: opts.TrustDomain,
		ControlPlaneNamespace:   security.CurrentNamespace(),
		Healthz:                 state,
	})
	if err != nil {
		return err
	}

	reminders := func(ctx context.Context) error {
		handler, err := identity.Handler(ctx)
		if err != nil {
			return err
		}
		service, err := server.New(serverOptions(opts, handler, state))
		if err != nil {
			return err
		}
		return service.Run(ctx)
	}
	return concurrency.NewRunnerManager(
		health.Server(opts.HealthzListenAddress, opts.HealthzPort, state),
		exporter.Start,
		identity.Run,
		reminders,
	).Run(ctx)
}

// serverOptions hands on what the flags say.
func serverOptions(opts *options.Options, handler security.Handler, state healthz.Healthz) server.Options {
	return server.Options{
		Mode:     modes.DaprMode(opts.Mode),
		Security: handler,
		Healthz:  state,

		ListenAddress:             opts.ListenAddress,
		Port:                      opts.Port,
		OverrideBroadcastHostPort: opts.OverrideBroadcastHostPort,
		KubeConfig:                opts.KubeConfig,

		EtcdEmbed:                      opts.EtcdEmbed,
		EtcdName:                       opts.ID,
		EtcdDataDir:                    opts.EtcdDataDir,
		EtcdInitialCluster:             opts.EtcdInitialCluster,
		EtcdInitialElectionTickAdvance: opts.EtcdInitialElectionTickAdvance,
		EtcdClientPort:                 opts.EtcdClientPort,
		EtcdSpaceQuota:                 opts.EtcdSpaceQuota,
		EtcdCompactionMode:             opts.EtcdCompactionMode,
		EtcdCompactionRetention:        opts.EtcdCompactionRetention,
		EtcdSnapshotCount:              opts.EtcdSnapshotCount,
		EtcdMaxSnapshots:               opts.EtcdMaxSnapshots,
		EtcdMaxWALs:                    opts.EtcdMaxWALs,
		EtcdBackendBatchLimit:          opts.EtcdBackendBatchLimit,
		EtcdBackendBatchInterval:       opts.EtcdBackendBatchInterval,
		EtcdDefragThresholdMB:          opts.EtcdDefragThresholdMB,
		EtcdMetrics:                    opts.EtcdMetrics,

		EtcdClientEndpoints: opts.EtcdClientEndpoints,
		EtcdClientUsername:  opts.EtcdClientUsername,
		EtcdClientPassword:  opts.EtcdClientPassword,
	}
}
