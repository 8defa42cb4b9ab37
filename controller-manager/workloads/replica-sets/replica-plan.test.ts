import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../../api/resources/core.ts';
import type { PodStatus } from '../../../api/types/core/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { claimablePods, countTerminating, planReplicas } from './replica-plan.ts';

const now = Date.UTC(2030, 0, 2);
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const ready = (seconds: number): PodStatus => ({
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ago(seconds) }],
});

interface Picture {
  readonly status?: PodStatus;
  readonly nodeName?: string;
  readonly going?: boolean;
  /** Uid of its controller. */
  readonly owner?: string;
  readonly app?: string;
}

function pod(name: string, { status, nodeName, going = false, owner, app = 'web' }: Picture = {}) {
  const ownerReferences = [
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 's', uid: owner ?? '', controller: true },
  ];
  return storedObject(pods, {
    metadata: {
      name,
      labels: { app },
      ...(going && { deletionTimestamp: ago(0) }),
      ...(owner !== undefined && { ownerReferences }),
    },
    spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
    ...(status && { status }),
  });
}

const names = (of: readonly { readonly metadata: { readonly name: string } }[]) =>
  of.map(({ metadata }) => metadata.name);

describe('replicas', () => {
  const plan = (replicas: number, active: ReturnType<typeof pod>[], related: ReturnType<typeof pod>[] = []) =>
    planReplicas({ replicas, active, related: () => related, now });

  it('as many as asked for: nothing to do', () => {
    assert.deepEqual(plan(2, [pod('a'), pod('b')]), { type: 'nothing' });
    assert.deepEqual(plan(0, []), { type: 'nothing' });
  });

  it('missing ones are made', () => {
    assert.deepEqual(plan(3, [pod('a')]), { type: 'create', count: 2 });
    assert.deepEqual(plan(5, []), { type: 'create', count: 5 });
    assert.deepEqual(plan(2 ** 31 - 1, []), { type: 'create', count: 500 });
  });

  it('of too many those go that are missed least', () => {
    const surplus = plan(1, [
      pod('on-node', { nodeName: 'n1' }),
      pod('waiting'),
      pod('ready', { nodeName: 'n1', status: ready(9) }),
    ]);
    assert.equal(surplus.type, 'delete');
    assert.deepEqual(surplus.type === 'delete' && names(surplus.victims), ['waiting', 'on-node']);
  });

  it('all go when none is asked for', () => {
    const all = plan(0, [pod('a'), pod('b')]);
    assert.equal(all.type === 'delete' && all.victims.length, 2);
  });

  it('closeness to pods of the same Deployment counts against a pod', () => {
    const crowded = pod('crowded', { nodeName: 'n1', status: ready(900) });
    const alone = pod('alone', { nodeName: 'n2', status: ready(9) });
    const neighbour = pod('neighbour', { nodeName: 'n1' });
    const result = plan(1, [alone, crowded], [alone, crowded, neighbour]);
    assert.deepEqual(result.type === 'delete' && names(result.victims), ['crowded']);
  });
});

describe('pods that may be claimed', () => {
  it('are those that count as replicas, and no finished or terminating ones', () => {
    const all = [
      pod('new'),
      pod('running', { status: ready(9) }),
      pod('unknown', { status: { phase: 'Unknown' } }),
      pod('failed', { status: { phase: 'Failed' } }),
      pod('succeeded', { status: { phase: 'Succeeded' } }),
      pod('going', { going: true }),
    ];
    assert.deepEqual(names(claimablePods(all)), ['new', 'running', 'unknown']);
  });
});

describe('terminating replicas', () => {
  it('are own pods that the selector means, which have not ended yet', () => {
    const all = [
      pod('one', { owner: 'me', going: true }),
      pod('two', { owner: 'me', going: true, status: ready(9) }),
      pod('staying', { owner: 'me' }),
      pod('ended', { owner: 'me', going: true, status: { phase: 'Failed' } }),
      pod('relabelled', { owner: 'me', going: true, app: 'db' }),
      pod('of another', { owner: 'other', going: true }),
      pod('of nobody', { going: true }),
    ];
    assert.equal(
      countTerminating('me', all, (labels) => labels.app === 'web'),
      2,
    );
  });
});
