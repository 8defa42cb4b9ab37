/**
 * Causes that a pod's status has no place for, and only its warnings tell: a volume or a sandbox that cannot be made, a
 * probe or a hook for which the kubelet ends a container. Pure.
 */

import type { Stored } from '../../../api/object.ts';
import type { Cause } from '../../../api/pod-explanation.ts';
import { helpForStart } from '../../../api/pod-help.ts';
import { parseTime } from '../../../api/time.ts';
import type { Event } from '../../../api/types/core/v1.ts';
import { timeOf } from './warnings.ts';

const making: Readonly<Record<string, Cause['type']>> = {
  FailedMount: 'volume',
  FailedMapVolume: 'volume',
  FailedAttachVolume: 'volume',
  FailedCreatePodSandBox: 'creation',
};

const ending = /^(Liveness|Startup) probe failed|^PostStartHook failed/;

export function addWhatEventsTell(causes: readonly Cause[], warnings: readonly Stored<Event>[]): readonly Cause[] {
  const byTime = warnings.toSorted((a, b) => (parseTime(timeOf(a)) ?? 0) - (parseTime(timeOf(b)) ?? 0));
  const held = byTime.findLast(({ reason }) => making[reason ?? ''] !== undefined);
  return causes.map((cause) => {
    if (cause.type === 'creation' && cause.container === undefined && held !== undefined) {
      const said = (held.message ?? '').trim();
      return { type: making[held.reason ?? ''] ?? cause.type, message: said, ...helpForStart(said) };
    }
    if (cause.type !== 'crash' || cause.help !== undefined) return cause;
    const ended = byTime.findLast(
      ({ message, involvedObject }) =>
        ending.test(message ?? '') && involvedObject.fieldPath?.endsWith(`{${cause.container}}`),
    );
    if (ended === undefined) return cause;
    const said = (ended.message ?? '').trim();
    return { ...cause, help: [`mend what was asked, or who asks: the kubelet ended it, last because: ${said}`] };
  });
}
