/** What `npm run real` takes from the registries, and in which version. Those of the manager's modules are in `manager/go.mod`. */

/** Go modules whose files are read. */
export const modules = {
  certManager: 'github.com/cert-manager/cert-manager@v1.21.2',
  prometheusOperator: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
  argo: 'github.com/argoproj/argo-cd/v2@v2.14.21',
  gatewayApi: 'sigs.k8s.io/gateway-api@v1.6.3',
  sampleApiServer: 'k8s.io/sample-apiserver@v0.37.2',
} as const;

/** Go programs that are built as they are. */
export const programs = {
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  'sample-apiserver': modules.sampleApiServer,
} as const;

/** Python packages, in an environment of their own. */
export const pythonPackages = ['kopf==1.45.2', 'kubernetes==37.0.2'] as const;
