// A manager as operators have them: a kind in two versions, webhooks, a controller, leader election. It finds the
// cluster by KUBECONFIG.
package main

import (
	"context"
	"flag"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	v1 "longshore.dev/test/real/manager/api/v1"
	"longshore.dev/test/real/manager/api/v1alpha1"
)

type options struct {
	namespace   string
	certDir     string
	webhookPort int
	healthPort  string
}

func main() {
	var o options
	flag.StringVar(&o.namespace, "namespace", "sites", "of the lease")
	flag.StringVar(&o.certDir, "cert-dir", "", "has tls.crt and tls.key")
	flag.IntVar(&o.webhookPort, "webhook-port", 9443, "of the webhooks")
	flag.StringVar(&o.healthPort, "health-address", "", "of /healthz and /readyz")
	flag.Parse()
	ctrl.SetLogger(zap.New())
	if err := run(ctrl.SetupSignalHandler(), o); err != nil {
		ctrl.Log.Error(err, "the manager ended")
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	lease, renew, retry := 4*time.Second, 3*time.Second, 500*time.Millisecond
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                  scheme,
		Metrics:                 metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:  o.healthPort,
		WebhookServer:           webhook.NewServer(webhook.Options{Port: o.webhookPort, CertDir: o.certDir}),
		LeaderElection:          true,
		LeaderElectionID:        "sites.example.com",
		LeaderElectionNamespace: o.namespace,
		LeaseDuration:           &lease,
		RenewDeadline:           &renew,
		RetryPeriod:             &retry,
	})
	if err != nil {
		return err
	}
	if err := setUp(ctx, manager); err != nil {
		return err
	}
	return manager.Start(ctx)
}

func setUp(ctx context.Context, manager ctrl.Manager) error {
	textOf := func(object client.Object) []string { return []string{object.(*v1.Site).Spec.Content.Text} }
	if err := manager.GetFieldIndexer().IndexField(ctx, &v1.Site{}, textIndex, textOf); err != nil {
		return err
	}
	recorder := manager.GetEventRecorder(fieldManager)
	err := ctrl.NewControllerManagedBy(manager).For(&v1.Site{}).Owns(&corev1.ConfigMap{}).
		Complete(&reconciler{Client: manager.GetClient(), recorder: recorder})
	if err != nil {
		return err
	}
	err = ctrl.NewWebhookManagedBy(manager, &v1.Site{}).WithDefaulter(defaulter{}).WithValidator(validator{}).Complete()
	if err != nil {
		return err
	}
	if err := manager.AddReadyzCheck("webhooks", manager.GetWebhookServer().StartedChecker()); err != nil {
		return err
	}
	return manager.AddHealthzCheck("ping", healthz.Ping)
}
