import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAmounts } from '../../api/amounts.ts';
import type { PodObject } from '../model/pod.ts';
import { makePod } from '../testing/make-pod.ts';
import { choosePreemptionVictims } from './preemption.ts';

const critical = 2_000_000_000;

function pod(name: string, qosClass: string, requests: Record<string, string> = {}, priority = 0): PodObject {
  return makePod(
    { priority, containers: [{ name: 'a', image: 'i', resources: { requests } }] },
    {
      metadata: { namespace: 'default', name, uid: name, resourceVersion: '1', creationTimestamp: '' },
      status: { qosClass },
    },
  );
}

const newcomer = pod('new', 'Burstable', {}, critical);
const others = [
  pod('idle', 'BestEffort'),
  pod('small', 'Burstable', { cpu: '100m', memory: '100Mi' }),
  pod('large', 'Burstable', { cpu: '500m', memory: '500Mi' }),
  pod('twin', 'Burstable', { cpu: '500m', memory: '400Mi' }),
  pod('firm', 'Guaranteed', { cpu: '1', memory: '1Gi' }),
  pod('system', 'Guaranteed', { cpu: '2', memory: '2Gi' }, critical),
];

const cases: [string, Record<string, string>, string[]][] = [
  ['the one that is enough', { cpu: '100m' }, ['small']],
  ['the smaller of two that are enough', { cpu: '450m' }, ['twin']],
  ['the closest first, then what is still missing', { cpu: '550m' }, ['twin', 'small']],
  ['a higher class only for what lower ones do not have', { cpu: '1200m' }, ['twin', 'firm']],
  ['those of which there may be so many', { pods: '1' }, ['idle']],
  ['several amounts', { cpu: '500m', memory: '450Mi' }, ['large']],
];

describe('choosePreemptionVictims', () => {
  for (const [name, missing, expected] of cases)
    it(name, () => {
      const { victims, missing: left } = choosePreemptionVictims(newcomer, others, readAmounts(missing));
      assert.deepEqual([victims.map(({ metadata }) => metadata.name), left], [expected, undefined]);
    });

  it('takes nobody when all together are not enough', () => {
    assert.deepEqual(choosePreemptionVictims(newcomer, others, readAmounts({ cpu: '3', memory: '1Mi' })), {
      victims: [],
      missing: '[(res: cpu, q: 900), ]',
    });
  });

  it('takes none that is as important', () => {
    const plain = pod('plain', 'Burstable', {}, 5);
    const equal = [pod('equal', 'Burstable', { cpu: '1' }, 5), pod('lower', 'Burstable', { cpu: '1' }, 4)];
    const { victims } = choosePreemptionVictims(plain, equal, readAmounts({ cpu: '1' }));
    assert.deepEqual(
      victims.map(({ metadata }) => metadata.name),
      ['lower'],
    );
  });
});
