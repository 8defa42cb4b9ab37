/** Removes all that there is of a pod whose object is gone: containers, sandboxes, folders, and what is remembered. */

import type { ImagePuller } from '../images/image-puller.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import type { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { RestartBackoff } from './restart-backoff.ts';
import type { PodStatuses } from './status/pod-statuses.ts';

export interface PodParts {
  readonly observed: ObservedPods;
  readonly runtime: Pick<Runtime, 'remove'>;
  readonly volumes: Pick<Volumes, 'tearDown'>;
  readonly statuses: Pick<PodStatuses, 'forget'>;
  readonly puller: Pick<ImagePuller, 'forget'>;
  readonly backoff: RestartBackoff;
  readonly keptLogs: Pick<KeptLogs, 'keep'>;
  readonly prober: Pick<Prober, 'forget' | 'forgetPod'>;
}

export async function removePod(uid: string, parts: PodParts): Promise<void> {
  const { observed, runtime, volumes, statuses, puller, backoff, prober, keptLogs } = parts;
  const { containers, sandboxes } = observed.get(uid);
  const remove = async ({ id }: { readonly id: string }) => {
    await runtime.remove(id);
    observed.noteRemoved(uid, id);
  };
  for (const { id } of containers) prober.forget(id);
  // The sandbox goes last: containers refer to it.
  await Promise.all(
    containers.map(async (state) => {
      await keptLogs.keep(state);
      await remove(state);
    }),
  );
  await Promise.all(sandboxes.map(remove));
  await volumes.tearDown(uid);
  prober.forgetPod(uid);
  statuses.forget(uid);
  puller.forget(uid);
  backoff.forget(`${uid}/`);
  observed.forget(uid);
}
