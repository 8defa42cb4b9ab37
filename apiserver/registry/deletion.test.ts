import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { jobKind } from '../../kinds/batch/job.ts';
import { configMapKind } from '../../kinds/core/config/config-map.ts';
import { namespaceKind } from '../../kinds/core/config/namespace.ts';
import { podKind } from '../../kinds/core/pods/pod.ts';
import type { Kind } from '../../kinds/kind.ts';
import { type DeletionOptions, decideDeletion } from './deletion.ts';

const now = Date.UTC(2030, 0, 1);
const later = (seconds: number) => new Date(now + seconds * 1000).toISOString().replace('.000Z', 'Z');

function stored(metadata: object = {}, rest: object = {}): Stored {
  const fixed = { name: 'x', uid: 'u', resourceVersion: '7', creationTimestamp: later(-100) };
  return { apiVersion: 'v1', kind: 'X', metadata: { ...fixed, ...metadata }, ...rest } as Stored;
}

interface Case {
  readonly kind: unknown;
  readonly object: Stored;
  readonly options?: Partial<DeletionOptions>;
  readonly type: string;
  readonly metadata?: object;
}

const bound = { spec: { nodeName: 'n', terminationGracePeriodSeconds: 30 }, status: { phase: 'Running' } };
const cases: Record<string, Case> = {
  'a plain object goes at once': { kind: configMapKind, object: stored(), type: 'remove' },
  'a finalizer keeps it': {
    kind: configMapKind,
    object: stored({ finalizers: ['a/b'] }),
    type: 'mark',
    metadata: { deletionTimestamp: later(0), deletionGracePeriodSeconds: 0, finalizers: ['a/b'] },
  },
  'a second deletion changes nothing': {
    kind: configMapKind,
    object: stored({ finalizers: ['a/b'], deletionTimestamp: later(-5), deletionGracePeriodSeconds: 0 }),
    type: 'keep',
  },
  'foreground waits for dependents': {
    kind: configMapKind,
    object: stored(),
    options: { propagationPolicy: 'Foreground' },
    type: 'mark',
    metadata: { finalizers: ['foregroundDeletion'] },
  },
  'a policy replaces an earlier one': {
    kind: configMapKind,
    object: stored({ finalizers: ['foregroundDeletion', 'a/b'] }),
    options: { orphanDependents: true },
    type: 'mark',
    metadata: { finalizers: ['a/b', 'orphan'] },
  },
  'jobs orphan unless told otherwise': {
    kind: jobKind,
    object: stored(),
    type: 'mark',
    metadata: { finalizers: ['orphan'] },
  },
  'jobs in the background': {
    kind: jobKind,
    object: stored(),
    options: { propagationPolicy: 'Background' },
    type: 'remove',
  },
  'a running pod gets its grace': {
    kind: podKind,
    object: stored({ generation: 1 }, bound),
    type: 'mark',
    metadata: { deletionTimestamp: later(30), deletionGracePeriodSeconds: 30, generation: 2 },
  },
  'an unscheduled pod goes at once, and says so before': {
    kind: podKind,
    object: stored({}, { spec: {} }),
    type: 'markAndRemove',
    metadata: { deletionTimestamp: later(0), deletionGracePeriodSeconds: 0 },
  },
  'grace is shortened': {
    kind: podKind,
    object: stored({ deletionTimestamp: later(30), deletionGracePeriodSeconds: 30 }, bound),
    options: { gracePeriodSeconds: 10 },
    type: 'mark',
    metadata: { deletionTimestamp: later(10), deletionGracePeriodSeconds: 10 },
  },
  'grace is never lengthened': {
    kind: podKind,
    object: stored({ deletionTimestamp: later(10), deletionGracePeriodSeconds: 10 }, bound),
    options: { gracePeriodSeconds: 60 },
    type: 'keep',
  },
  'no grace ends a pod that is ending': {
    kind: podKind,
    object: stored({ deletionTimestamp: later(30), deletionGracePeriodSeconds: 30 }, bound),
    options: { gracePeriodSeconds: 0 },
    type: 'markAndRemove',
    metadata: { deletionTimestamp: later(0), deletionGracePeriodSeconds: 0 },
  },
  'a pod that was marked so before only goes': {
    kind: podKind,
    object: stored({ deletionTimestamp: later(0), deletionGracePeriodSeconds: 0 }, bound),
    options: { gracePeriodSeconds: 0 },
    type: 'remove',
  },
  'a negative grace is one second': {
    kind: podKind,
    object: stored({}, bound),
    options: { gracePeriodSeconds: -1 },
    type: 'mark',
    metadata: { deletionGracePeriodSeconds: 1 },
  },
  'a namespace is marked first': {
    kind: namespaceKind,
    object: stored({}, { spec: {} }),
    type: 'mark',
    metadata: { deletionTimestamp: later(0) },
  },
  'a namespace goes when nothing holds it': {
    kind: namespaceKind,
    object: stored({ deletionTimestamp: later(-5) }, { spec: {} }),
    type: 'remove',
  },
  'a namespace waits for its finalizers': {
    kind: namespaceKind,
    object: stored({ deletionTimestamp: later(-5) }, { spec: { finalizers: ['kubernetes'] } }),
    type: 'keep',
  },
};

describe('deletion', () => {
  for (const [name, { kind, object, options, type, metadata }] of Object.entries(cases)) {
    it(name, () => {
      const decision = decideDeletion((kind as Kind).strategy, object, { dryRun: false, ...options }, now);
      assert.equal(decision.type, type);
      for (const [field, value] of Object.entries(metadata ?? {})) {
        assert.deepEqual(Reflect.get(decision.object.metadata, field), value, field);
      }
    });
  }
});
