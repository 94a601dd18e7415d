// Command daprd is Dapr's sidecar with just the components that this system uses. It takes the official program's
// flags, by the official program's own parser.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/dapr/dapr/cmd/daprd/options"
	"github.com/dapr/dapr/pkg/buildinfo"
	"github.com/dapr/dapr/pkg/healthz"
	"github.com/dapr/dapr/pkg/metrics"
	"github.com/dapr/dapr/pkg/modes"
	"github.com/dapr/dapr/pkg/runtime"
	"github.com/dapr/dapr/pkg/runtime/registry"
	"github.com/dapr/dapr/pkg/security"
	"github.com/dapr/kit/concurrency"
	"github.com/dapr/kit/logger"
	"github.com/dapr/kit/signals"
)

var log = logger.NewLogger("dapr.runtime")

func main() {
	opts, err := options.New(os.Args[1:])
	if err != nil {
		log.Fatalf("wrong flags: %v", err)
	}

	switch {
	case opts.RuntimeVersion:
		fmt.Println(buildinfo.Version())
	case opts.BuildInfo:
		fmt.Printf("Version: %s\nGit Commit: %s\nGit Version: %s\n",
			buildinfo.Version(), buildinfo.Commit(), buildinfo.GitVersion())
	case opts.WaitCommand:
		runtime.WaitUntilDaprOutboundReady(opts.DaprHTTPPort)
	default:
		if err := serve(opts); err != nil {
			log.Fatalf("daprd ends: %v", err)
		}
	}
}

// serve runs the sidecar until a signal ends it.
func serve(opts *options.Options) error {
	opts.Logger.SetAppID(opts.AppID)
	if err := logger.ApplyOptionsToLoggers(&opts.Logger); err != nil {
		return fmt.Errorf("wrong log options: %w", err)
	}
	registerComponents()
	log.Infof("daprd %s with the components of todo-chatbot, log level %s", buildinfo.Version(), opts.Logger.OutputLevel)

	ctx := signals.Context()
	health := healthz.New()
	identity, err := security.New(ctx, security.Options{
		Mode:                    modes.DaprMode(opts.Mode),
		AppID:                   opts.AppID,
		MTLSEnabled:             opts.EnableMTLS,
		SentryAddress:           opts.SentryAddress,
		TrustAnchors:            opts.TrustAnchors,
		ControlPlaneTrustDomain: opts.ControlPlaneTrustDomain,
		ControlPlaneNamespace:   opts.ControlPlaneNamespace,
		JwtAudiences:            opts.SentryRequestJwtAudiences,
		Healthz:                 health,
	})
	if err != nil {
		return fmt.Errorf("no identity: %w", err)
	}

	sidecar := func(ctx context.Context) error {
		handler, err := identity.Handler(ctx)
		if err != nil {
			return fmt.Errorf("no identity: %w", err)
		}
		config := runtimeConfig(opts)
		config.Registry = registry.NewOptions()
		config.Security = handler
		config.Healthz = health
		config.Metrics.Healthz = health
		daprd, err := runtime.FromConfig(ctx, config)
		if err != nil {
			return err
		}
		return daprd.Run(ctx)
	}
	return concurrency.NewRunnerManager(identity.Run, sidecar).Run(ctx)
}

// runtimeConfig hands on what the flags say. The runtime's configuration and the flags are two structures of Dapr,
// whose fields have different names in a few places.
func runtimeConfig(opts *options.Options) *runtime.Config {
	return &runtime.Config{
		AppID:      opts.AppID,
		Mode:       opts.Mode,
		Config:     opts.Config,
		EnableMTLS: opts.EnableMTLS,

		ActorsService:    opts.ActorsService,
		RemindersService: opts.RemindersService,
		SchedulerAddress: opts.SchedulerAddress,
		SchedulerStreams: opts.SchedulerJobStreams,

		ControlPlaneAddress:          opts.ControlPlaneAddress,
		SentryAddress:                opts.SentryAddress,
		DisableBuiltinK8sSecretStore: opts.DisableBuiltinK8sSecretStore,
		ResourcesPath:                opts.ResourcesPath,
		ComponentsPath:               opts.ComponentsPath,

		DaprAPIListenAddresses:        opts.DaprAPIListenAddresses,
		DaprHTTPPort:                  opts.DaprHTTPPort,
		DaprAPIGRPCPort:               opts.DaprAPIGRPCPort,
		DaprInternalGRPCPort:          opts.DaprInternalGRPCPort,
		DaprInternalGRPCListenAddress: opts.DaprInternalGRPCListenAddress,
		DaprPublicPort:                opts.DaprPublicPort,
		DaprPublicListenAddress:       opts.DaprPublicListenAddress,
		UnixDomainSocket:              opts.UnixDomainSocket,
		AllowedOrigins:                opts.AllowedOrigins,
		EnableAPILogging:              opts.EnableAPILogging,
		MaxRequestSize:                opts.MaxRequestSize,
		ReadBufferSize:                opts.ReadBufferSize,

		ApplicationPort:        opts.AppPort,
		AppChannelAddress:      opts.AppChannelAddress,
		AppProtocol:            opts.AppProtocol,
		AppSSL:                 opts.AppSSL,
		AppMaxConcurrency:      opts.AppMaxConcurrency,
		EnableAppHealthCheck:   opts.EnableAppHealthCheck,
		AppHealthCheckPath:     opts.AppHealthCheckPath,
		AppHealthProbeInterval: opts.AppHealthProbeInterval,
		AppHealthProbeTimeout:  opts.AppHealthProbeTimeout,
		AppHealthThreshold:     opts.AppHealthThreshold,

		DaprGracefulShutdownSeconds: opts.DaprGracefulShutdownSeconds,
		DaprBlockShutdownDuration:   opts.DaprBlockShutdownDuration,
		EnableProfiling:             opts.EnableProfiling,
		ProfilePort:                 opts.ProfilePort,
		Metrics: metrics.Options{
			Log:           log,
			Enabled:       opts.Metrics.Enabled(),
			Port:          opts.Metrics.Port(),
			ListenAddress: opts.Metrics.ListenAddress(),
			Namespace:     metrics.DefaultMetricNamespace,
		},
	}
}
