/** Plays scheduler and kubelet for a namespace: pods run and are ready as soon as they are there, and end when asked to. */

import { setTimeout as delay } from 'node:timers/promises';
import { pods } from '../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { formatTime } from '../../api/time.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { Cached } from '../../client/object-cache.ts';

export interface PlayedPods {
  /** Pods that run or could run now, by image. */
  counts(): Record<string, { readonly all: number; readonly ready: number }>;
  stop(): Promise<void>;
}

/** `isGood`: whether pods of an image become ready; the others crash in a loop. `onChange` is told of each change. */
export async function playPods(
  client: Client,
  namespace: string,
  { isGood, onChange }: { isGood(image: string): boolean; onChange(): void },
): Promise<PlayedPods> {
  const informer = createInformer(client, pods, { namespace, logger: silentLogger });
  const end = new AbortController();
  const writes = new Set<Promise<void>>();
  informer.onChange(({ next }) => {
    onChange();
    if (next === undefined) return;
    const write = settle(client, next, isGood(imageOf(next))).finally(() => writes.delete(write));
    writes.add(write);
  });
  const running = informer.run(end.signal);
  await informer.synced();
  return {
    counts() {
      const counts: Record<string, { all: number; ready: number }> = {};
      for (const pod of informer.list(namespace)) {
        if (pod.metadata.deletionTimestamp !== undefined) continue;
        const count = counts[imageOf(pod)] ?? { all: 0, ready: 0 };
        counts[imageOf(pod)] = { all: count.all + 1, ready: count.ready + Number(isReady(pod)) };
      }
      return counts;
    },
    async stop() {
      end.abort();
      await running;
      await Promise.all(writes);
    },
  };
}

const imageOf = ({ spec }: Cached<Pod>): string => spec?.containers[0]?.image ?? '';

const isReady = ({ status }: Cached<Pod>): boolean =>
  status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True') ?? false;

async function settle(client: Client, pod: Cached<Pod>, good: boolean): Promise<void> {
  const { namespace, name, uid, deletionTimestamp } = pod.metadata;
  const image = imageOf(pod);
  try {
    await delay(1);
    if (deletionTimestamp !== undefined) await client.delete(pods, { namespace, name }, { uid, gracePeriodSeconds: 0 });
    else if (pod.status?.phase === 'Pending') {
      const status = {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: good ? 'True' : 'False', lastTransitionTime: formatTime(Date.now()) }],
        containerStatuses: [
          {
            name: pod.spec?.containers[0]?.name ?? '',
            image,
            imageID: image,
            ready: good,
            restartCount: good ? 0 : 5,
            state: good ? { running: {} } : { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
          },
        ],
      };
      await client.patch<Pod>(
        pods,
        { namespace, name },
        { type: 'merge', body: { metadata: { uid }, status } },
        { subresource: 'status' },
      );
    }
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
