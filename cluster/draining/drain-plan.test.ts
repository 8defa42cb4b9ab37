import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mirrorAnnotation } from '../../api/labels.ts';
import type { Stored } from '../../api/object.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { type DrainOptions, planDrain } from './drain-plan.ts';

interface Traits {
  readonly owner?: string;
  readonly phase?: string;
  readonly emptyDir?: boolean;
  readonly mirror?: boolean;
}

function pod({ owner, phase = 'Running', emptyDir = false, mirror = false }: Traits): Stored<Pod> {
  const reference = { apiVersion: 'apps/v1', kind: owner ?? '', name: 'o', uid: 'u', controller: true };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'p',
      namespace: 'default',
      uid: 'uid',
      resourceVersion: '1',
      creationTimestamp: '2026-01-01T00:00:00Z',
      ...(owner !== undefined && { ownerReferences: [reference] }),
      ...(mirror && { annotations: { [mirrorAnnotation]: 'x' } }),
    },
    spec: { containers: [], ...(emptyDir && { volumes: [{ name: 'v', emptyDir: {} }] }) },
    status: { phase },
  };
}

const careful: DrainOptions = { ignoreDaemonSets: false, deleteEmptyDirData: false, force: false };
const bold: DrainOptions = { ignoreDaemonSets: true, deleteEmptyDirData: true, force: true };

describe('planDrain', () => {
  // What becomes of the pod without any flag, and with all of them.
  const cases: readonly (readonly [what: string, traits: Traits, without: string, withAll: string])[] = [
    ['a ReplicaSet’s', { owner: 'ReplicaSet' }, 'evict', 'evict'],
    ['a DaemonSet’s', { owner: 'DaemonSet' }, '--ignore-daemonsets', 'stay'],
    ['a DaemonSet’s with local storage', { owner: 'DaemonSet', emptyDir: true }, '--ignore-daemonsets', 'stay'],
    ['a DaemonSet’s that is finished', { owner: 'DaemonSet', phase: 'Failed' }, 'evict', 'evict'],
    ['nobody’s', {}, '--force', 'evict'],
    ['nobody’s that is finished', { phase: 'Succeeded' }, 'evict', 'evict'],
    ['one with local storage', { owner: 'ReplicaSet', emptyDir: true }, '--delete-emptydir-data', 'evict'],
    ['a finished one with local storage', { owner: 'Job', emptyDir: true, phase: 'Failed' }, 'evict', 'evict'],
    ['nobody’s with local storage', { emptyDir: true }, '--delete-emptydir-data', 'evict'],
    ['a kubelet’s own', { mirror: true }, 'stay', 'stay'],
  ];
  const outcome = (traits: Traits, options: DrainOptions): string => {
    const { evict, refusals } = planDrain([pod(traits)], options);
    if (refusals.length > 0) return /use (--[a-z-]+)/.exec(refusals[0] ?? '')?.[1] ?? '';
    return evict.length > 0 ? 'evict' : 'stay';
  };
  for (const [what, traits, without, withAll] of cases) {
    it(`judges ${what}`, () => assert.deepEqual([outcome(traits, careful), outcome(traits, bold)], [without, withAll]));
  }

  it('says everything that stands in the way at once, in kubectl’s words', () => {
    const { refusals } = planDrain([pod({}), pod({ owner: 'DaemonSet' })], careful);
    assert.deepEqual(refusals, [
      'cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore): default/p',
      'cannot delete Pods that declare no controller (use --force to override): default/p',
    ]);
  });

  it('warns of what is left and of what is lost', () =>
    assert.deepEqual(planDrain([pod({}), pod({ owner: 'DaemonSet' })], bold).warnings, [
      'ignoring DaemonSet-managed Pods: default/p',
      'deleting Pods that declare no controller: default/p',
    ]));
});
