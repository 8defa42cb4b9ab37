import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { podTemplateWarnings } from './pod-warnings.ts';

const containers = [{ name: 'c', image: 'i' }];
const items = (...paths: string[]) => paths.map((path) => ({ key: 'k', path }));
const projected = (...sources: object[]) => ({ volumes: [{ name: 'p', projected: { sources } }] });
const wholeBytes = 'is invalid, must be an integer';

describe('warnings about pods', () => {
  const table: [string, object, string[]][] = [
    ['nothing odd', { overhead: { memory: '1Mi' } }, []],
    [
      'fractions of bytes',
      { overhead: { memory: '100m', cpu: '100m' } },
      [`spec.overhead[memory]: fractional byte value "100m" ${wholeBytes}`],
    ],
    [
      'a claim of half a byte',
      {
        volumes: [
          { name: 'e', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '500m' } } } } } },
        ],
      },
      [
        `spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "500m" ${wholeBytes}`,
      ],
    ],
    [
      'an address on the host without a port there',
      { containers: [{ ...containers[0], ports: [{ containerPort: 80, protocol: 'TCP', hostIP: '1.2.3.4' }] }] },
      [
        'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}',
      ],
    ],
    [
      'files below a file',
      { volumes: [{ name: 'm', configMap: { name: 'c', items: items('a', 'b', 'a/c', 'ab') } }] },
      ['volume "m" (ConfigMap "c"): overlapping paths: "a/c" with "a"'],
    ],
    [
      'one path of two sources',
      projected({ secret: { name: 's', items: items('a/') } }, { serviceAccountToken: { path: 'a' } }),
      ['volume "p" (Projected): overlapping paths: "a" (ServiceAccountToken) with "a" (Secret "s")'],
    ],
    ['an empty source', projected({}), ['volume "p" (Projected) has no sources provided']],
    [
      'old labels of nodes',
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'Exists' }] }],
            },
          },
        },
      },
      [
        'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      ],
    ],
  ];
  for (const [what, spec, expected] of table) {
    it(`tell of ${what}`, () =>
      assert.deepEqual(podTemplateWarnings({ spec: { containers, ...spec } } as never, ''), expected));
  }
});
