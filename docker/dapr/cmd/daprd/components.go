package main

import (
	"github.com/dapr/components-contrib/bindings/cron"
	"github.com/dapr/components-contrib/nameresolution/kubernetes"
	"github.com/dapr/components-contrib/nameresolution/mdns"
	"github.com/dapr/components-contrib/nameresolution/sqlite"
	inmemory "github.com/dapr/components-contrib/pubsub/in-memory"
	"github.com/dapr/components-contrib/pubsub/kafka"
	kubernetessecrets "github.com/dapr/components-contrib/secretstores/kubernetes"
	"github.com/dapr/components-contrib/secretstores/local/env"
	"github.com/dapr/components-contrib/secretstores/local/file"
	postgresv1 "github.com/dapr/components-contrib/state/postgresql/v1"
	postgresv2 "github.com/dapr/components-contrib/state/postgresql/v2"
	"github.com/dapr/dapr/pkg/components"
	"github.com/dapr/dapr/pkg/components/bindings"
	"github.com/dapr/dapr/pkg/components/nameresolution"
	"github.com/dapr/dapr/pkg/components/pubsub"
	"github.com/dapr/dapr/pkg/components/secretstores"
	"github.com/dapr/dapr/pkg/components/state"
	"github.com/dapr/kit/logger"
)

// registerComponents makes known what this system names in its component files, locally and in Kubernetes. The
// official daprd knows some hundred more, which double the time of a build.
func registerComponents() {
	contrib := logger.NewLogger("dapr.contrib")
	bindings.DefaultRegistry.Logger = contrib
	nameresolution.DefaultRegistry.Logger = contrib
	pubsub.DefaultRegistry.Logger = contrib
	secretstores.DefaultRegistry.Logger = contrib
	state.DefaultRegistry.Logger = contrib

	bindings.DefaultRegistry.RegisterInputBinding(cron.NewCron, "cron")

	// Dapr takes mdns where no configuration names another one, and ends when it is missing.
	nameresolution.DefaultRegistry.RegisterComponent(mdns.NewResolver, "mdns")
	nameresolution.DefaultRegistry.RegisterComponent(sqlite.NewResolver, "sqlite")
	nameresolution.DefaultRegistry.RegisterComponent(kubernetes.NewResolver, "kubernetes")

	pubsub.DefaultRegistry.RegisterComponent(inmemory.New, "in-memory")
	pubsub.DefaultRegistry.RegisterComponent(kafka.NewKafka, "kafka")

	secretstores.DefaultRegistry.RegisterComponent(kubernetessecrets.NewKubernetesSecretStore, "kubernetes")
	secretstores.DefaultRegistry.RegisterComponent(env.NewEnvSecretStore, "local.env")
	secretstores.DefaultRegistry.RegisterComponent(file.NewLocalSecretStore, "local.file")

	// A component file that names no version gets v1, as with the official daprd.
	state.DefaultRegistry.RegisterComponentWithVersions("postgresql", components.Versioning{
		Default:   "v1",
		Preferred: components.VersionConstructor{Version: "v2", Constructor: postgresv2.NewPostgreSQLStateStore},
		Others:    []components.VersionConstructor{{Version: "v1", Constructor: postgresv1.NewPostgreSQLStateStore}},
	})
}
