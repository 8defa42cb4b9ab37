/** What of each project is taken, and what its definitions say of objects: facts of the projects, not of this cluster. */

import type { modules } from './versions.ts';

export type OperatorModule = Exclude<keyof typeof modules, 'sampleApiServer'>;

export interface Operator {
  readonly name: string;
  readonly module: OperatorModule;
  readonly groups: readonly string[];
  /** The folder of its definitions in the module. */
  readonly definitions: string;
  /** Folders or none: all objects of its groups in there are good. */
  readonly examples: readonly string[];
  /** Files of bad objects, and what the refusal says. */
  readonly refused: readonly { readonly file: string; readonly why: readonly string[] }[];
  /** Paths for `kubectl explain`, and what it says of them. */
  readonly explained: Readonly<Record<string, RegExp>>;
}

const bad = 'hack/invalid-examples/standard';

export const operators: readonly Operator[] = [
  {
    name: 'cert-manager',
    module: 'certManager',
    groups: ['cert-manager.io', 'acme.cert-manager.io'],
    definitions: 'deploy/crds',
    examples: [],
    refused: [],
    explained: {
      'certificates.spec.privateKey.rotationPolicy': /rotationPolicy <string>/,
      'clusterissuers.spec.acme.solvers.dns01': /route53\s+<Object>/,
      'challenges.spec.issuerRef': /kind\s+<string>/,
    },
  },
  {
    name: 'Prometheus operator',
    module: 'prometheusOperator',
    groups: ['monitoring.coreos.com'],
    definitions: 'example/prometheus-operator-crd',
    examples: [
      'example/user-guides/alerting',
      'example/user-guides/getting-started',
      'example/thanos',
      'example/storage',
      'example/shards',
      'example/rbac',
    ],
    refused: [],
    explained: {
      'prometheuses.spec.podMonitorSelector.matchExpressions': /operator\s+<string> -required-/,
      'servicemonitors.spec.endpoints.basicAuth': /password\s+<Object>/,
      'alertmanagerconfigs.spec.route': /FIELDS:/,
    },
  },
  {
    name: 'Argo CD',
    module: 'argo',
    groups: ['argoproj.io'],
    definitions: 'manifests/crds',
    examples: ['list-generator', 'git-generator-directory', 'clusterDecisionResource', 'template-override'].map(
      (folder) => `applicationset/examples/${folder}`,
    ),
    refused: [
      {
        // Written for generators that the kind never had.
        file: 'applicationset/examples/matrix/matrix-and-union-in-matrix.yaml',
        why: ['strict decoding error: unknown field "spec.generators[0].matrix.generators[0].union"'],
      },
    ],
    explained: {
      'applications.spec.source.helm.parameters': /forceString\s+<boolean>/,
      'applicationsets.spec.generators.matrix': /generators\s+<\[\]Object> -required-/,
      'appprojects.spec.destinations': /namespace\s+<string>/,
    },
  },
  {
    name: 'Gateway API',
    module: 'gatewayApi',
    groups: ['gateway.networking.k8s.io'],
    definitions: 'config/crd/standard',
    examples: ['examples/standard'],
    refused: [
      {
        file: `${bad}/httproute/invalid-backend-kind.yaml`,
        why: ['spec.rules[0].backendRefs[0].kind: Invalid value: "*"'],
      },
      {
        file: `${bad}/httproute/invalid-backend-group.yaml`,
        why: ['spec.rules[0].backendRefs[0].group: Invalid value: "*"'],
      },
      {
        file: `${bad}/httproute/httproute-portless-backend.yaml`,
        why: ['spec.rules[0].backendRefs[0]: Invalid value', 'Must have port for Service reference'],
      },
      { file: `${bad}/httproute/httproute-portless-service.yaml`, why: ['Must have port for Service reference'] },
      {
        file: `${bad}/httproute/duplicate-header-match.yaml`,
        why: ['spec.rules[0].matches[0].headers[1]: Duplicate value: {"name":"foo"}'],
      },
      {
        file: `${bad}/httproute/duplicate-query-match.yaml`,
        why: ['spec.rules[0].matches[0].queryParams[1]: Duplicate value: {"name":"foo"}'],
      },
      {
        file: `${bad}/httproute/invalid-path-alphanum-specialchars-mix.yaml`,
        why: ['spec.rules[0].matches[0].path: Invalid value', 'must only contain valid characters'],
      },
      {
        file: `${bad}/httproute/invalid-path-specialchars.yaml`,
        why: ['spec.rules[0].matches[0].path: Invalid value', 'must only contain valid characters'],
      },
      {
        file: `${bad}/httproute/invalid-filter-duplicate.yaml`,
        why: ['spec.rules[0].filters: Invalid value', 'RequestHeaderModifier filter cannot be repeated'],
      },
      { file: `${bad}/httproute/invalid-hostname.yaml`, why: ['spec.hostnames[0]: Invalid value: "http://a<"'] },
      {
        file: `${bad}/httproute/invalid-httpredirect-hostname.yaml`,
        why: ['spec.rules[0].filters[0].requestRedirect.hostname: Invalid value: "*.gateway.networking.k8s.io"'],
      },
      {
        file: `${bad}/httproute/invalid-backend-port.yaml`,
        why: ['spec.rules[0].backendRefs[0].port: Invalid value: 800080', 'less than or equal to 65535'],
      },
      {
        file: `${bad}/httproute/invalid-filter-duplicate-header.yaml`,
        why: ['spec.rules[0].filters[0].requestHeaderModifier.remove[1]: Duplicate value: "foo"'],
      },
      {
        file: `${bad}/httproute/invalid-filter-empty.yaml`,
        why: ['filter.requestHeaderModifier must be specified for RequestHeaderModifier filter.type'],
      },
      {
        file: `${bad}/httproute/invalid-filter-wrong-field.yaml`,
        why: ['filter.requestRedirect must be nil if the filter.type is not RequestRedirect'],
      },
      {
        file: `${bad}/httproute/invalid-header-name.yaml`,
        why: ['spec.rules[0].matches[0].headers[0].name: Invalid value: "magic/"'],
      },
      {
        file: `${bad}/httproute/invalid-method.yaml`,
        why: ['spec.rules[0].matches[0].method: Unsupported value: "NOTREAL"', '"GET"'],
      },
      {
        file: `${bad}/httproute/invalid-request-redirect-with-backendref.yaml`,
        why: ['spec.rules[0]: Invalid value', 'RequestRedirect filter must not be used together with backendRefs'],
      },
      {
        file: `${bad}/gateway/invalid-listener-port.yaml`,
        why: ['spec.listeners[0].port: Invalid value: 123456789', 'less than or equal to 65535'],
      },
      {
        file: `${bad}/gateway/hostname-tcp.yaml`,
        why: ['spec.listeners: Invalid value', "hostname must not be specified for protocols ['TCP', 'UDP']"],
      },
      {
        file: `${bad}/gateway/hostname-udp.yaml`,
        why: ["hostname must not be specified for protocols ['TCP', 'UDP']"],
      },
      {
        file: `${bad}/gateway/tlsconfig-tcp.yaml`,
        why: ["tls must not be specified for protocols ['HTTP', 'TCP', 'UDP']"],
      },
      { file: `${bad}/gateway/invalid-listener-name.yaml`, why: ['spec.listeners[0].name: Invalid value: "bad>"'] },
      { file: `${bad}/gateway/invalid-addresses.yaml`, why: ['spec.addresses'] },
      { file: `${bad}/gateway/invalid-tls-mode.yaml`, why: ['tls mode must be Terminate for protocol HTTPS'] },
      { file: `${bad}/gateway/duplicate-listeners.yaml`, why: ['spec.listeners[1]: Duplicate value: {"name":"same"}'] },
      { file: `${bad}/referencegrant/missing-from.yaml`, why: ['spec.from: Required value'] },
      { file: `${bad}/referencegrant/missing-to.yaml`, why: ['spec.to: Required value'] },
      { file: `${bad}/referencegrant/missing-ns.yaml`, why: ['spec.from[0].namespace: Required value'] },
      { file: `${bad}/gatewayclass/invalid-controller.yaml`, why: ['spec.controllerName: Invalid value: "example"'] },
      { file: `${bad}/tlsroute/no-hostname.yaml`, why: ['spec.hostnames: Required value'] },
      { file: `${bad}/tlsroute/invalid-hostname.yaml`, why: ['spec.hostnames[0]: Invalid value: "http://a<"'] },
    ],
    explained: {
      'httproutes.spec.rules.matches.path': /type\s+<string>/,
      'gateways.spec.listeners.tls': /certificateRefs\s+<\[\]Object>/,
      'referencegrants.spec.from': /group\s+<string> -required-/,
    },
  },
];
