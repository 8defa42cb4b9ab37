import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPodActive, isPodFinished, isPodReady, isPodTerminating, sidecarsOf } from './pods.ts';
import type { Pod } from './types/core/v1.ts';

const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
const deleted = { deletionTimestamp: '2026-01-02T03:04:05Z' };

describe('questions about a pod', () => {
  const cases: [what: string, pod: Pod, answers: Record<'ready' | 'finished' | 'terminating' | 'active', boolean>][] = [
    ['a new one', {}, { ready: false, finished: false, terminating: false, active: true }],
    ['a ready one', { status: ready }, { ready: true, finished: false, terminating: false, active: true }],
    [
      'one that is not ready any more',
      { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
      { ready: false, finished: false, terminating: false, active: true },
    ],
    ['one that is deleted', { metadata: deleted }, { ready: false, finished: false, terminating: true, active: false }],
    [
      'one that succeeded',
      { status: { phase: 'Succeeded' } },
      { ready: false, finished: true, terminating: false, active: false },
    ],
    [
      'one that failed',
      { status: { phase: 'Failed' } },
      { ready: false, finished: true, terminating: false, active: false },
    ],
  ];
  for (const [what, pod, answers] of cases) {
    it(`are answered of ${what}`, () =>
      assert.deepEqual(
        {
          ready: isPodReady(pod),
          finished: isPodFinished(pod),
          terminating: isPodTerminating(pod),
          active: isPodActive(pod),
        },
        answers,
      ));
  }

  it('tell sidecars from containers that only begin', () => {
    const spec = { containers: [], initContainers: [{ name: 'init' }, { name: 'proxy', restartPolicy: 'Always' }] };
    assert.deepEqual(
      sidecarsOf(spec).map(({ name }) => name),
      ['proxy'],
    );
    assert.deepEqual(sidecarsOf(undefined), []);
  });
});
