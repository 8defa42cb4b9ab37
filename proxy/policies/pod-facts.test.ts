import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { podFactsOf, portNamed, trimPod } from './pod-facts.ts';

const pod = (spec: Partial<NonNullable<Pod['spec']>> = {}, status: Pod['status'] = { podIP: '10.244.1.1' }): Pod => ({
  metadata: { namespace: 'x', name: 'p', labels: { app: 'web' }, annotations: { long: 'text' } },
  spec: {
    nodeName: 'a',
    containers: [
      { name: 'one', image: 'i', env: [{ name: 'A', value: 'b' }], ports: [{ name: 'http', containerPort: 80 }] },
      { name: 'two', image: 'i', ports: [{ name: 'http', containerPort: 81 }, { containerPort: 82 }] },
    ],
    initContainers: [
      { name: 'once', image: 'i', ports: [{ name: 'gone', containerPort: 1 }] },
      {
        name: 'beside',
        image: 'i',
        restartPolicy: 'Always',
        ports: [{ name: 'side', containerPort: 2, protocol: 'UDP' }],
      },
    ],
    ...spec,
  },
  status,
});

describe('podFactsOf', () => {
  for (const [what, one] of [
    ['has no address yet', pod({}, { phase: 'Pending' })],
    ['has ended', pod({}, { phase: 'Failed', podIP: '10.244.1.1' })],
    ['is of the network of its node', pod({ hostNetwork: true })],
    ['has an address of IPv6 only', pod({}, { podIP: 'fd00::1', podIPs: [{ ip: 'fd00::1' }] })],
  ] as const) {
    it(`is nothing for a pod that ${what}`, () => assert.equal(podFactsOf(one), undefined));
  }

  it('finds the address of IPv4 of two', () => {
    const facts = podFactsOf(pod({}, { podIP: 'fd00::1', podIPs: [{ ip: 'fd00::1' }, { ip: '10.244.1.1' }] }));
    assert.equal(facts?.address, '10.244.1.1');
  });

  it('knows ports by name: those of containers, and of sidecars', () => {
    const facts = podFactsOf(pod());
    assert.ok(facts);
    const found = [portNamed(facts, 'http', 'TCP'), portNamed(facts, 'side', 'UDP'), portNamed(facts, 'gone', 'TCP')];
    assert.deepEqual(found, [80, 2, undefined]);
    assert.equal(portNamed(facts, 'http', 'UDP'), undefined);
  });

  it('says the same of a trimmed pod, which has nothing else left', () => {
    const trimmed = pod();
    trimPod(trimmed);
    assert.deepEqual(podFactsOf(trimmed), podFactsOf(pod()));
    assert.doesNotMatch(JSON.stringify(trimmed), /env|image|annotations/);
  });
});
