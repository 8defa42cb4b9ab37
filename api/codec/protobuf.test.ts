import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode } from '../schema/decode.ts';
import { openApiFacts } from '../schema/schema.ts';
import { decodeProtobuf, ProtobufError } from './protobuf.ts';

/** Bodies that kubectl 1.33 sends for `kubectl create`, in base64, and what the same object is in JSON. */
const bodies: [string, unknown][] = [
  // ConfigMap
  [
    'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiIKEQoBYxIAGgAiACoAMgA4AEIAEgYKAWESATESBQoBYhIAGgAiAA==',
    { metadata: { name: 'c' }, data: { a: '1', b: '' }, apiVersion: 'v1', kind: 'ConfigMap' },
  ],
  // Deployment
  [
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50Eq4BChsKAWQSABoAIgAqADIAOABCAFoICgNhcHASAWQSgAEIABIKCggKA2FwcBIBZBpoChoKABIAGgAiACoAMgA4AEIAWggKA2FwcBIBZBJKEiwKA2ltZxIFaW1nOjEqADIKCgAQABhQIgAqAEIAagByAIABAIgBAJABAKIBABoAMgBCAEoAUgBYAGAAaACCAQCKAQCaAQDCAQAiAgoAKAA4ABoMCAAQABgAIAAoADgAGgAiAA==',
    {
      metadata: { name: 'd', labels: { app: 'd' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'd' } },
        template: {
          metadata: { labels: { app: 'd' } },
          spec: { containers: [{ name: 'img', image: 'img:1', ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
      status: {},
      apiVersion: 'apps/v1',
      kind: 'Deployment',
    },
  ],
  // Service
  [
    'azhzAAoNCgJ2MRIHU2VydmljZRJqCh8KA3N2YxIAGgAiACoAMgA4AEIAWgoKA2FwcBIDc3ZjEkMKHAoGODAtd2ViEgNUQ1AYUCIJCAEQABoDd2ViKAASCgoDYXBwEgNzdmMaACIJQ2x1c3RlcklQOgBCAFIAWgBgAGgAGgIKABoAIgA=',
    {
      metadata: { name: 'svc', labels: { app: 'svc' } },
      spec: {
        ports: [{ name: '80-web', protocol: 'TCP', port: 80, targetPort: 'web' }],
        selector: { app: 'svc' },
        type: 'ClusterIP',
      },
      status: { loadBalancer: {} },
      apiVersion: 'v1',
      kind: 'Service',
    },
  ],
  // Service
  [
    'azhzAAoNCgJ2MRIHU2VydmljZRJrCiEKBHN2Y24SABoAIgAqADIAOABCAFoLCgNhcHASBHN2Y24SQgobCgc4MC04MDgwEgNUQ1AYUCIHCAAQkD8aACgAEgsKA2FwcBIEc3ZjbhoAIghOb2RlUG9ydDoAQgBSAFoAYABoABoCCgAaACIA',
    {
      metadata: { name: 'svcn', labels: { app: 'svcn' } },
      spec: {
        ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080 }],
        selector: { app: 'svcn' },
        type: 'NodePort',
      },
      status: { loadBalancer: {} },
      apiVersion: 'v1',
      kind: 'Service',
    },
  ],
  // Ingress
  [
    'azhzAAofChRuZXR3b3JraW5nLms4cy5pby92MRIHSW5ncmVzcxJHChEKAWkSABoAIgAqADIAOABCABIuGiUKA2EuYhIeChwKGgoBLxINIgsKA3N2YxIECgAQUBoGUHJlZml4IgVuZ2lueBoCCgAaACIA',
    {
      metadata: { name: 'i' },
      spec: {
        rules: [
          {
            host: 'a.b',
            http: {
              paths: [{ path: '/', backend: { service: { name: 'svc', port: { number: 80 } } }, pathType: 'Prefix' }],
            },
          },
        ],
        ingressClassName: 'nginx',
      },
      status: { loadBalancer: {} },
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
    },
  ],
  // PodDisruptionBudget
  [
    'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSNgoRCgFwEgAaACIAKgAyADgAQgASFQoJCAEQABoDNTAlEggKBgoBYRIBYhoKCAAYACAAKAAwABoAIgA=',
    {
      metadata: { name: 'p' },
      spec: { minAvailable: '50%', selector: { matchLabels: { a: 'b' } } },
      status: {},
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
    },
  ],
  // ServiceAccount
  [
    'azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSFAoSCgJzYRIAGgAiACoAMgA4AEIAGgAiAA==',
    { metadata: { name: 'sa' }, apiVersion: 'v1', kind: 'ServiceAccount' },
  ],
];

/** A field of the wire format: its number, and a length-delimited value. */
const field = (number: number, value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
};
const varint = (number: number, value: number): Buffer => Buffer.from([number * 8, value]);
const body = (apiVersion: string, kind: string, ...fields: Buffer[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, Buffer.concat(fields)),
  ]);

describe('decodeProtobuf', () => {
  for (const [base64, object] of bodies) {
    const { kind } = object as { kind: string };
    it(`reads a ${kind}`, () => {
      const [definition = ''] = Object.keys(openApiFacts().definitions).filter((name) => name.endsWith(`.${kind}`));
      const read = (value: unknown) => decode(definition, value);
      assert.deepEqual(read(decodeProtobuf(Buffer.from(base64, 'base64'))), read(object));
    });
  }

  it('reads options of requests', () => {
    const bytes = Buffer.from('6b3873000a130a027631120d44656c6574654f7074696f6e73120208031a002200', 'hex');
    assert.deepEqual(decodeProtobuf(bytes), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 3 });
  });

  it('tells a time from none, and lifts embedded structs', () => {
    const time = Buffer.concat([varint(1, 60), varint(2, 0)]);
    const metadata = Buffer.concat([field(1, 'p'), field(8, ''), field(9, time)]);
    const volume = Buffer.concat([field(1, 'v'), field(2, field(2, field(1, 'Memory')))]);
    const pod = body('v1', 'Pod', field(1, metadata), field(2, Buffer.concat([field(1, volume), varint(4, 0)])));
    assert.deepEqual(decodeProtobuf(pod), {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', creationTimestamp: null, deletionTimestamp: '1970-01-01T00:01:00Z' },
      spec: { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }], terminationGracePeriodSeconds: 0 },
    });
  });

  it('skips fields that it does not know', () => {
    assert.deepEqual(decodeProtobuf(body('v1', 'ConfigMap', varint(15, 1), field(14, 'x'))), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
    });
  });

  const bad: [string, Buffer][] = [
    ['no prefix', Buffer.from('{}')],
    ['nothing', Buffer.alloc(0)],
    ['an unknown kind', body('v1', 'Nothing')],
    ['a cut body', body('v1', 'ConfigMap', field(1, field(1, 'name'))).subarray(0, -3)],
    ['a wrong wire type', body('v1', 'ConfigMap', varint(1, 1))],
    ['an endless varint', body('v1', 'ConfigMap', Buffer.from([8 * 4, ...Array(12).fill(0xff)]))],
  ];
  for (const [name, bytes] of bad)
    it(`refuses ${name}`, () => assert.throws(() => decodeProtobuf(bytes), ProtobufError));
});
