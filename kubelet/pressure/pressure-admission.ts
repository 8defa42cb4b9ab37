/** Which pods a node that is short of something still takes. Pure. */

import { tolerates } from '../../api/taints.ts';
import { isCriticalPod } from '../model/critical-pod.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodFailure } from '../pods/pod-state.ts';
import { conditionMessage, evictionOf } from './eviction-message.ts';
import type { PressureCondition } from './signals.ts';

const memoryTaint = { key: 'node.kubernetes.io/memory-pressure', effect: 'NoSchedule' };

/** Undefined: it is taken. One that was begun is no new one. */
export function computePressureRefusal(
  pod: PodObject,
  conditions: readonly PressureCondition[],
): PodFailure | undefined {
  const { spec, status } = pod;
  if (conditions.length === 0 || status?.startTime !== undefined || isCriticalPod(pod)) return undefined;
  const isMemoryOnly = conditions.every((condition) => condition === 'MemoryPressure');
  // Who asks for memory has it; who asks for nothing would be the first to be evicted.
  const fits = status?.qosClass !== 'BestEffort' || tolerates(spec?.tolerations, memoryTaint);
  return isMemoryOnly && fits ? undefined : evictionOf(conditionMessage(conditions));
}
