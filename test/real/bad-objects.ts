/** Objects that the definitions refuse, and what upstream says then: kinds, paths and rules are the projects'. */

import type { OperatorModule } from './operators.ts';

interface BadObject {
  readonly title: string;
  readonly object: object;
  /** All of it is in the refusal. */
  readonly why: readonly string[];
}

const certificate = (spec: object) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'bad', namespace: 'default' },
  spec: { secretName: 'bad', issuerRef: { name: 'issuer' }, ...spec },
});
const issuer = (spec: object) => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  metadata: { name: 'bad' },
  spec,
});
const monitoring = (kind: string, version: string, spec: object) => ({
  apiVersion: `monitoring.coreos.com/${version}`,
  ...{ kind, metadata: { name: 'bad', namespace: 'default' }, spec },
});
const argo = (kind: string, spec: object) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  ...{ kind, metadata: { name: 'bad', namespace: 'default' }, spec },
});

export const badObjects: Readonly<Record<OperatorModule, readonly BadObject[]>> = {
  certManager: [
    {
      title: 'a Certificate whose key algorithm there is not',
      object: certificate({ privateKey: { algorithm: 'DSA' } }),
      why: ['spec.privateKey.algorithm: Unsupported value: "DSA": supported values: "RSA", "ECDSA", "Ed25519"'],
    },
    {
      title: 'a Certificate without an issuer',
      object: certificate({ issuerRef: undefined }),
      why: ['The Certificate "bad" is invalid: spec.issuerRef: Required value'],
    },
    {
      title: 'a Certificate whose duration is a number',
      object: certificate({ duration: 5 }),
      why: ['spec.duration: Invalid value: "integer": spec.duration in body must be of type string: "integer"'],
    },
    {
      title: 'a Certificate with a field that it has not',
      object: certificate({ dnsName: 'example.com' }),
      why: ['strict decoding error: unknown field "spec.dnsName"'],
    },
    {
      title: 'an issuer that is two of Venafi',
      object: issuer({
        venafi: {
          zone: 'z',
          tpp: { url: 'https://a', credentialsRef: { name: 'a' } },
          cloud: { apiTokenSecretRef: { name: 'a' } },
        },
      }),
      why: ['spec.venafi: Invalid value', 'exactly one of tpp, cloud, or ngts must be configured'],
    },
  ],
  prometheusOperator: [
    {
      title: 'a ServiceMonitor without a selector',
      object: monitoring('ServiceMonitor', 'v1', { endpoints: [] }),
      why: ['spec.selector: Required value'],
    },
    {
      title: 'a ServiceMonitor whose interval is no duration',
      object: monitoring('ServiceMonitor', 'v1', { selector: {}, endpoints: [{ interval: 'often' }] }),
      why: ['spec.endpoints[0].interval: Invalid value: "often": spec.endpoints[0].interval in body should match'],
    },
    {
      title: 'a Prometheus with an unknown log level',
      object: monitoring('Prometheus', 'v1', { logLevel: 'loud' }),
      why: ['spec.logLevel: Unsupported value: "loud": supported values: "", "debug", "info", "warn", "error"'],
    },
    {
      title: 'a PrometheusAgent on every node that also has replicas',
      object: monitoring('PrometheusAgent', 'v1alpha1', { mode: 'DaemonSet', replicas: 2 }),
      why: ['spec: Invalid value', 'replicas cannot be set when mode is DaemonSet'],
    },
    {
      title: 'an Alertmanager with a name of a pod twice in a map of lists',
      object: monitoring('Prometheus', 'v1', { scrapeClasses: [{ name: 'a' }, { name: 'a' }] }),
      why: ['spec.scrapeClasses[1]: Duplicate value: {"name":"a"}'],
    },
  ],
  argo: [
    {
      title: 'an Application without a project',
      object: argo('Application', { destination: {}, source: { repoURL: 'https://example.com' } }),
      why: ['spec.project: Required value'],
    },
    {
      title: 'an Application whose retry limit is a word',
      object: argo('Application', { destination: {}, project: 'p', syncPolicy: { retry: { limit: 'many' } } }),
      why: ['spec.syncPolicy.retry.limit: Invalid value: "string"', 'must be of type integer: "string"'],
    },
    {
      title: 'an ApplicationSet whose policy there is not',
      object: argo('ApplicationSet', {
        generators: [],
        template: { metadata: {}, spec: { destination: {}, project: '' } },
        syncPolicy: { applicationsSync: 'never' },
      }),
      why: ['spec.syncPolicy.applicationsSync: Unsupported value: "never"', '"create-only"'],
    },
  ],
  gatewayApi: [],
};
