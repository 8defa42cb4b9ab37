import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decode } from '../schema/decode.ts';
import { openApiFacts } from '../schema/schema.ts';
import { decodeProtobuf, ProtobufError } from './protobuf.ts';

/** Bodies that clients written in Go send, in base64, and what the same object is in their JSON. */
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
  // FlowSchema
  [
    'azhzAAotCh9mbG93Y29udHJvbC5hcGlzZXJ2ZXIuazhzLmlvL3YxEgpGbG93U2NoZW1hElUKEQoBZhIAGgAiACoAMgA4AEIAEj4KAwoBcBAKGggKBkJ5VXNlciIrCgwKBUdyb3VwGgMKAWcSEAoBKhIAGgRwb2RzIAAqASoaCQoDZ2V0MgIveBoAGgAiAA==',
    {
      kind: 'FlowSchema',
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      metadata: { name: 'f' },
      spec: {
        priorityLevelConfiguration: { name: 'p' },
        matchingPrecedence: 10,
        distinguisherMethod: { type: 'ByUser' },
        rules: [
          {
            subjects: [{ kind: 'Group', group: { name: 'g' } }],
            resourceRules: [{ verbs: ['*'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }],
            nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }],
          },
        ],
      },
      status: {},
    },
  ],
  // PriorityLevelConfiguration
  [
    'azhzAAo9Ch9mbG93Y29udHJvbC5hcGlzZXJ2ZXIuazhzLmlvL3YxEhpQcmlvcml0eUxldmVsQ29uZmlndXJhdGlvbhI3ChEKAXASABoAIgAqADIAOABCABIgCgdMaW1pdGVkEhUIABIPCgVRdWV1ZRIGCEAQBhgyGDIaABoAIgA=',
    {
      kind: 'PriorityLevelConfiguration',
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      metadata: { name: 'p' },
      spec: {
        type: 'Limited',
        limited: {
          nominalConcurrencyShares: 0,
          limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 6, queueLengthLimit: 50 } },
          lendablePercent: 50,
        },
      },
      status: {},
    },
  ],
  // CustomResourceDefinition
  [
    'azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEr0GCiMKE3dpZGdldHMuZXhhbXBsZS5jb20SABoAIgAqADIAOABCABKHBgoLZXhhbXBsZS5jb20aFQoHd2lkZ2V0cxIAIgZXaWRnZXQqACIKTmFtZXNwYWNlZDqxBQoCdjEQARgBIu0ECuoECgASABoDIy9hIgAqBm9iamVjdDIAOgBQAGAAegCQAQDqAVkKAWESVAoAEgAiACoHaW50ZWdlcjIAOgBCAwoBM0kAAAAAAAAWQFAAYABwAHoAkAEAogEDCgExogEFCgMieCKiAQCiAQsKCXsiYSI6WzFdfagCALgCAMACAeoBWwoBYhJWCgASACIAKgVhcnJheTIAOgBQAGAAegCQAQDCASYKJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAMoCAWvSAgNzZXTqAVcKAWMSUgoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAPIBKAgBEiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgCoAgCwAgG4AgDAAgDqAT8KAWQSOgoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAPIBAggBqAIAuAIAwAIA4gIOCgR0cnVlEgAaACoAMADqAbEBCgFlEqsBCgASACIAKgAyADoAUABgAHoAkAEAwgFMEiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgASJAoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAKgCALgCAMACAIICCAoBeBIDEgF5ggIrCgF6EiYKJAoAEgAiACoGb2JqZWN0MgA6AFAAYAB6AJABAKgCALgCAMACAIoCAggAqAIAuAIAwAIA6gEzCgFuEi4KABIAIgAqADIAOgBQAGAAegCQAQCaAgUKABIBdaICBQoDIngiqAIBuAIAwAIAqAIAuAIAwAIAKhgKABIUCgcuc3BlYy5yEgkuc3RhdHVzLnIyFQoBQRIGc3RyaW5nGgAiACgBMgIuYTgASgQKAi5hSh8KB1dlYmhvb2sSFBIOCgkKAW4SAXMguwMSAWEaAnYxUAAaDBIICgASACIAKgAgABoAIgA=',
    {
      kind: 'CustomResourceDefinition',
      apiVersion: 'apiextensions.k8s.io/v1',
      metadata: { name: 'widgets.example.com' },
      spec: {
        group: 'example.com',
        names: { plural: 'widgets', kind: 'Widget' },
        scope: 'Namespaced',
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: {
              openAPIV3Schema: {
                $ref: '#/a',
                type: 'object',
                properties: {
                  a: {
                    type: 'integer',
                    default: 3,
                    maximum: 5.5,
                    minLength: 0,
                    enum: [1, 'x', null, { a: [1] }],
                    'x-kubernetes-int-or-string': true,
                  },
                  b: {
                    type: 'array',
                    items: { type: 'string' },
                    'x-kubernetes-list-map-keys': ['k'],
                    'x-kubernetes-list-type': 'set',
                  },
                  c: {
                    type: 'object',
                    additionalProperties: { type: 'string' },
                    'x-kubernetes-preserve-unknown-fields': true,
                  },
                  d: {
                    type: 'object',
                    additionalProperties: true,
                    'x-kubernetes-validations': [{ rule: 'true', optionalOldSelf: false }],
                  },
                  e: {
                    items: [{ type: 'string' }, { type: 'object' }],
                    dependencies: { x: ['y'], z: { type: 'object' } },
                    additionalItems: false,
                  },
                  n: { externalDocs: { url: 'u' }, example: 'x', nullable: true },
                },
              },
            },
            subresources: { status: {}, scale: { specReplicasPath: '.spec.r', statusReplicasPath: '.status.r' } },
            additionalPrinterColumns: [{ name: 'A', type: 'string', priority: 1, jsonPath: '.a' }],
            selectableFields: [{ jsonPath: '.a' }],
          },
        ],
        conversion: {
          strategy: 'Webhook',
          webhook: {
            clientConfig: { service: { namespace: 'n', name: 's', port: 443 }, caBundle: 'YQ==' },
            conversionReviewVersions: ['v1'],
          },
        },
      },
      status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: null },
    },
  ],
  // DeviceClass
  [
    'azhzAAohChJyZXNvdXJjZS5rOHMuaW8vdjESC0RldmljZUNsYXNzEjwKEQoBZBIAGgAiACoAMgA4AEIAEicKCAoGCgR0cnVlEhQKEgoQCgN4LnkSCQoHeyJhIjoxfSIFZS54L3kaACIA',
    {
      kind: 'DeviceClass',
      apiVersion: 'resource.k8s.io/v1',
      metadata: { name: 'd' },
      spec: {
        selectors: [{ cel: { expression: 'true' } }],
        config: [{ opaque: { driver: 'x.y', parameters: { a: 1 } } }],
        extendedResourceName: 'e.x/y',
      },
    },
  ],
  // ResourceClaim
  [
    'azhzAAojChJyZXNvdXJjZS5rOHMuaW8vdjESDVJlc291cmNlQ2xhaW0SewoRCgFjEgAaACIAKgAyADgAQgASZApiCjkKAXISNAoBZBoKRXhhY3RDb3VudCACMhEKAWsSBkV4aXN0cxoAIgAoADoOCgwKA21lbRIFCgMxR2kSCgoBchIFeC55L3oaGQoBchIUChIKA3gueRILCgl7ImIiOlsyXX0aABoAIgA=',
    {
      kind: 'ResourceClaim',
      apiVersion: 'resource.k8s.io/v1',
      metadata: { name: 'c' },
      spec: {
        devices: {
          requests: [
            {
              name: 'r',
              exactly: {
                deviceClassName: 'd',
                allocationMode: 'ExactCount',
                count: 2,
                tolerations: [{ key: 'k', operator: 'Exists', tolerationSeconds: 0 }],
                capacity: { requests: { mem: '1Gi' } },
              },
            },
          ],
          constraints: [{ requests: ['r'], matchAttribute: 'x.y/z' }],
          config: [{ requests: ['r'], opaque: { driver: 'x.y', parameters: { b: [2] } } }],
        },
      },
      status: {},
    },
  ],
  // ResourceClaimTemplate
  [
    'azhzAAorChJyZXNvdXJjZS5rOHMuaW8vdjESFVJlc291cmNlQ2xhaW1UZW1wbGF0ZRJEChEKAXQSABoAIgAqADIAOABCABIvChgKABIAGgAiACoAMgA4AEIAWgYKAWESAWISEwoRCg8KAXIaCgoBYRIBZCIAKAEaACIA',
    {
      kind: 'ResourceClaimTemplate',
      apiVersion: 'resource.k8s.io/v1',
      metadata: { name: 't' },
      spec: {
        metadata: { labels: { a: 'b' } },
        spec: {
          devices: { requests: [{ name: 'r', firstAvailable: [{ name: 'a', deviceClassName: 'd', count: 1 }] }] },
        },
      },
    },
  ],
  // ResourceSlice
  [
    'azhzAAojChJyZXNvdXJjZS5rOHMuaW8vdjESDVJlc291cmNlU2xpY2USpgEKEQoBcxIAGgAiACoAMgA4AEIAEpABCgN4LnkSBwoBcBABGAEaAW4ybAoBZBIHCgFiEgIYABIHCgFjEgIiABIMCgF2EgcqBTEuMC4wEgsKBXgueS9hEgIQABonCgNtZW0SIAoFCgM4R2kSFwoFCgMxR2kiDgoFCgMxR2kaBQoDMUdpQhEKAXQSABoKTm9TY2hlZHVsZUIPCgFjEgoKAXgSBQoDCgE0GgAiAA==',
    {
      kind: 'ResourceSlice',
      apiVersion: 'resource.k8s.io/v1',
      metadata: { name: 's' },
      spec: {
        driver: 'x.y',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'd',
            attributes: { b: { bool: false }, c: { string: '' }, v: { version: '1.0.0' }, 'x.y/a': { int: 0 } },
            capacity: {
              mem: { value: '8Gi', requestPolicy: { default: '1Gi', validRange: { min: '1Gi', step: '1Gi' } } },
            },
            taints: [{ key: 't', effect: 'NoSchedule' }],
          },
        ],
        sharedCounters: [{ name: 'c', counters: { x: { value: '4' } } }],
      },
    },
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
    const { kind, apiVersion } = object as { kind: string; apiVersion: string };
    it(`reads a ${kind}`, () => {
      const [version = '', group = ''] = apiVersion.split('/').reverse();
      const [definition = ''] =
        Object.entries(openApiFacts().definitions).find(
          ([, { gvk }]) => gvk?.join() === [group, version, kind].join(),
        ) ?? [];
      const read = (value: unknown) => decode(definition, value);
      assert.deepEqual(read(decodeProtobuf(Buffer.from(base64, 'base64'))), read(object));
    });
  }

  it('reads an APIService', () => {
    const spec = Buffer.concat([field(2, 'example.com'), field(3, 'v1'), varint(4, 1), varint(7, 100), varint(8, 5)]);
    assert.deepEqual(decodeProtobuf(body('apiregistration.k8s.io/v1', 'APIService', field(2, spec))), {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      spec: {
        group: 'example.com',
        version: 'v1',
        insecureSkipTLSVerify: true,
        groupPriorityMinimum: 100,
        versionPriority: 5,
      },
    });
  });

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
