/** Keeps up with a pod's containers as they are observed: probes follow what runs, messages are read of what ended. */

import { readTerminationMessage } from '../containers/termination-message.ts';
import { containerOf, type ObservedPod, type PodObject, sandboxOf } from '../model/pod.ts';
import type { Prober } from '../probes/prober.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';

export interface ContainerWatch {
  readonly prober: Pick<Prober, 'watch' | 'forget'>;
  readonly runtime: Runtime;
  readonly nodeIp: string;
}

export async function watchContainers(
  pod: PodObject,
  observed: ObservedPod,
  known: PodRuntimeState,
  { prober, runtime, nodeIp }: ContainerWatch,
): Promise<void> {
  for (const state of observed.containers) {
    if (state.status.type === 'running') {
      const container = containerOf(pod, state.name);
      const podIp = sandboxOf(observed)?.ip ?? nodeIp;
      if (container !== undefined && !known.isInHook(state.id)) prober.watch({ pod, container, state, podIp });
      continue;
    }
    prober.forget(state.id);
    if (!known.terminationMessages.has(state.id))
      known.containerTerminated(state.id, await readTerminationMessage(state, runtime));
  }
}
