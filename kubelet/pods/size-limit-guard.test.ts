import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import type { PodObject } from '../model/pod.ts';
import { makePod } from '../testing/make-pod.ts';
import { runSizeLimitGuard } from './size-limit-guard.ts';

const podWith = (name: string, emptyDir: { readonly sizeLimit?: string; readonly medium?: string }): PodObject => {
  const pod = makePod({ volumes: [{ name: 'v', emptyDir }] });
  return { ...pod, metadata: { ...pod.metadata, name, uid: name } };
};

it('ends pods whose volumes on the disk hold more than they may, whatever else cannot be measured', async () => {
  const holding: Readonly<Record<string, number>> = {
    full: 2 ** 20 + 1,
    exact: 2 ** 20,
    memory: 2 ** 30,
    free: 2 ** 30,
  };
  const pods = [
    podWith('broken', { sizeLimit: '1Mi' }),
    podWith('exact', { sizeLimit: '1Mi' }),
    podWith('memory', { sizeLimit: '1Mi', medium: 'Memory' }),
    podWith('free', {}),
    podWith('full', { sizeLimit: '1Mi' }),
  ];
  const over = new AbortController();
  const ended: string[] = [];
  await runSizeLimitGuard(
    {
      clock: systemClock,
      logger: silentLogger,
      pods: () => pods,
      measure: async ({ metadata: { name } }) => {
        if (name === 'broken') throw new Error('permission denied');
        return holding[name];
      },
      endPod: (uid, { reason, message }) => {
        ended.push(`${uid} ${reason} ${message}`);
        over.abort();
      },
    },
    over.signal,
  );
  assert.deepEqual(ended, ['full Evicted Usage of EmptyDir volume "v" exceeds the limit "1Mi". ']);
});
