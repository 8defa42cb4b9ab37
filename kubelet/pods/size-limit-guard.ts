/**
 * Ends pods whose emptyDir volumes hold more than their `sizeLimit`. Those in memory are as large as that and no
 * larger; those on the disk are measured from time to time, one after the other.
 */

import { parseQuantity } from '../../api/quantity.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodFailure } from './pod-state.ts';

export interface SizeLimitGuardOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Those that may run here. */
  readonly pods: () => Iterable<PodObject>;
  /** What the volume holds; undefined: it is not there. */
  readonly measure: (pod: PodObject, volume: string) => Promise<number | undefined>;
  readonly endPod: (uid: string, failure: PodFailure) => void;
}

const everyMs = 10_000;

/** Until `signal` aborts. Never rejects. */
export async function runSizeLimitGuard(options: SizeLimitGuardOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, pods, endPod } = options;
  while (!signal.aborted) {
    for (const pod of [...pods()].filter((one) => limitsOf(one).length > 0)) {
      if (signal.aborted) return;
      try {
        const failure = await findExcess(pod, options);
        if (failure !== undefined) endPod(pod.metadata.uid, failure);
      } catch (error) {
        logger.warn('The volumes of a pod could not be measured; trying again', { pod: pod.metadata.name, error });
      }
    }
    await clock.sleep(everyMs, signal);
  }
}

async function findExcess(
  pod: PodObject,
  { measure }: Pick<SizeLimitGuardOptions, 'measure'>,
): Promise<PodFailure | undefined> {
  for (const { name, limit } of limitsOf(pod)) {
    const bytes = await measure(pod, name);
    if (bytes !== undefined && bytes > parseQuantity(limit))
      return { reason: 'Evicted', message: `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". ` };
  }
  return undefined;
}

const limitsOf = ({ spec }: PodObject): { readonly name: string; readonly limit: string }[] =>
  (spec?.volumes ?? []).flatMap(({ name, emptyDir }) => {
    const { sizeLimit = '0', medium = '' } = emptyDir ?? {};
    return medium === '' && parseQuantity(String(sizeLimit)) > 0 ? [{ name, limit: String(sizeLimit) }] : [];
  });
