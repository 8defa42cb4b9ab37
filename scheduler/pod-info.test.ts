import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { schedulerNameOf } from './pod-info.ts';
import { type PodPicture, podObject, podOf } from './testing/pictures.ts';

describe('pods of one template', () => {
  const base: PodPicture = { requests: { cpu: '1' }, tolerations: [{ key: 'k', operator: 'Exists' }] };
  const cases: readonly (readonly [title: string, other: PodPicture, same: boolean])[] = [
    [
      'whatever their names, labels and owners are',
      { ...base, labels: { a: 'b' }, metadata: { namespace: 'other' } },
      true,
    ],
    ['the same amounts written otherwise', { ...base, requests: { cpu: '1000m' } }, true],
    ['whatever their priority is', { ...base, priority: 9 }, true],
    ['not with other requests', { ...base, requests: { cpu: '2' } }, false],
    ['nor other tolerations', { ...base, tolerations: [] }, false],
    ['nor another selector of nodes', { ...base, nodeSelector: { disk: 'ssd' } }, false],
    ['nor a node', { ...base, nodeName: 'n1' }, false],
    [
      'nor preferences of nodes',
      {
        ...base,
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] } },
            ],
          },
        },
      },
      false,
    ],
    [
      'nor host ports',
      {
        ...base,
        containers: [
          { name: 'main', resources: { requests: { cpu: '1' } }, ports: [{ containerPort: 80, hostPort: 80 }] },
        ],
      },
      false,
    ],
  ];
  for (const [title, other, same] of cases)
    it(title, () => assert.equal(podOf('a', base).template === podOf('b', other).template, same));
});

describe('a pod as the scheduler sees it', () => {
  it('listens on the host ports of its containers, on all addresses unless it says which', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 53, hostPort: 53, protocol: 'UDP', hostIP: '10.0.0.1' },
      { containerPort: 90 },
    ];
    assert.deepEqual(podOf('p', { containers: [{ name: 'c', ports }] }).hostPorts, [
      { address: '0.0.0.0', protocol: 'TCP', port: 8080 },
      { address: '10.0.0.1', protocol: 'UDP', port: 53 },
    ]);
  });

  it('has the priority 0 and the default scheduler unless it says otherwise', () => {
    assert.equal(podOf('p').priority, 0);
    assert.equal(podOf('p', { priority: -5 }).priority, -5);
    assert.equal(schedulerNameOf(podObject('p')), 'default-scheduler');
    assert.equal(schedulerNameOf(podObject('p', { schedulerName: 'mine' })), 'mine');
  });
});
