/** The order in which a write passes a kind's strategy, admission and the allocator. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { configMaps } from '../../api/resources/core.ts';
import { badRequest } from '../../api/status-error.ts';
import { systemClock } from '../../base/clock.ts';
import { defineKind } from '../../kinds/define-kind.ts';
import type { Strategy } from '../../kinds/kind.ts';
import { AdmissionChain } from './admission.ts';
import { beforeCreate, beforeUpdate, type WriteOrderParts } from './write-order.ts';
import { internalWrite } from './write-request.ts';

const operations = ['CREATE', 'UPDATE'] as const;
/** The object, and what a binding does to it. */
const handled = [{ operations }, { operations, subresource: 'binding' }];

/** Parts that note what they are asked, and refuse at the step that is named. */
function recordingParts(refusedAt?: string) {
  const steps: string[] = [];
  const at = (step: string): void => {
    steps.push(step);
    if (step === refusedAt) throw badRequest(step);
  };
  const strategy: Strategy<KubernetesObject> = {
    setDefaults: () => at('setDefaults'),
    prepareForCreate: () => at('prepareForCreate'),
    prepareForUpdate: () => at('prepareForUpdate'),
    validate: () => at('validate'),
    validateUpdate: () => at('validateUpdate'),
    canonicalize: () => at('canonicalize'),
    warnings() {
      at('warnings');
      return [];
    },
    generationOf(object) {
      return { data: Reflect.get(object, 'data') };
    },
  };
  const parts: WriteOrderParts = {
    kind: defineKind(configMaps, { strategy }),
    admission: new AdmissionChain([
      {
        name: 'Recorder',
        admit: handled.map((handles) => ({ handles, run: () => at('admit') })),
        validate: handled.map((handles) => ({ handles, run: () => at('admission') })),
      },
    ]),
    clock: systemClock,
    allocator: {
      async allocate() {
        at('allocate');
        return { commit: async () => at('commit'), rollback: async () => at('rollback') };
      },
      release: async () => at('release'),
    },
  };
  const request = { ...internalWrite, trackFields: () => at('trackFields') };
  return { steps, parts, request };
}

const newObject = () => ({ metadata: { namespace: 'default', name: 'a' }, data: { a: '1' } });
const stored = (data: object): Stored => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: {
    ...newObject().metadata,
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2030-01-01T00:00:00Z',
    generation: 3,
  },
  ...{ data },
});

const first = ['setDefaults', 'trackFields', 'admit'];
const last = ['canonicalize', 'warnings', 'admission'];

describe('the order of a write', () => {
  it('is one for a creation', async () => {
    const { steps, parts, request } = recordingParts();
    const { next, finished } = await beforeCreate(newObject(), request, parts);
    assert.deepEqual(steps, [...first, 'allocate', 'prepareForCreate', 'validate', ...last]);
    assert.deepEqual([next.apiVersion, next.kind, next.metadata.generation], ['v1', 'ConfigMap', 1]);
    assert.deepEqual(JSON.parse(finished.bytes.toString()).data, { a: '1' });
  });

  it('is one for an update', async () => {
    const { steps, parts, request } = recordingParts();
    const { next } = await beforeUpdate(stored({ a: '2' }), stored({ a: '1' }), request, parts);
    assert.deepEqual(steps, [...first, 'allocate', 'prepareForUpdate', 'validate', 'validateUpdate', ...last]);
    assert.equal(next.metadata.generation, 4);
  });

  it('allocates nothing for a part of the object', async () => {
    const { steps, parts, request } = recordingParts();
    await beforeUpdate(stored({}), stored({}), { ...request, subresource: 'status' }, parts);
    assert.ok(!steps.includes('allocate'));
  });

  it("asks admission, but no strategy, about the server's own change", async () => {
    const { steps, parts, request } = recordingParts();
    await beforeUpdate(stored({}), stored({}), { ...request, subresource: 'binding', skipStrategy: true }, parts);
    assert.deepEqual(steps, [...first, ...last]);
  });

  for (const step of ['prepareForCreate', 'validate', 'admission', 'canonicalize']) {
    it(`gives back what was allocated when ${step} refuses`, async () => {
      const { steps, parts, request } = recordingParts(step);
      await assert.rejects(beforeCreate(newObject(), request, parts), { message: step });
      assert.equal(steps.at(-1), 'rollback');
    });
  }

  it('has nothing to give back before anything was allocated', async () => {
    const { steps, parts, request } = recordingParts('admit');
    await assert.rejects(beforeCreate(newObject(), request, parts), { message: 'admit' });
    assert.deepEqual(steps, first);
  });
});
