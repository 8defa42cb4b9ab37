/** Pods and claims stay within the LimitRanges of their namespace; what containers leave open is filled in. */

import { limitRanges, persistentVolumeClaims, pods } from '../../../api/resources/core.ts';
import { forbidden } from '../../../api/status-error.ts';
import type { LimitRange, PersistentVolumeClaim, Pod } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { type AdmissionPlugin, type AdmissionRequest, onWrite, type WriteOf } from '../../registry/admission.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { setDefaults, whyClaimRefused, whyPodRefused } from './limits.ts';

export function createLimitRanger(objects: ObjectReader): AdmissionPlugin {
  const fillIn = async (request: WriteOf<Pod>) => {
    const ranges = await rangesFor(objects, request);
    for (const range of ranges) setDefaults(range, request.object);
    // What the pod says as a whole follows from what its containers say now.
    if (ranges.length > 0) request.kind.strategy.setDefaults?.(request.object);
  };
  const judgePod = (request: WriteOf<Pod>) => judge(objects, request, (range) => whyPodRefused(range, request.object));
  const judgeClaim = (request: WriteOf<PersistentVolumeClaim>) =>
    judge(objects, request, (range) => whyClaimRefused(range, request.object));
  return {
    name: 'LimitRanger',
    // A pod's containers change by a resize only.
    admit: [onWrite(['CREATE'], pods, fillIn), onWrite(['UPDATE'], pods, fillIn, 'resize')],
    validate: [
      onWrite(['CREATE'], pods, judgePod),
      onWrite(['UPDATE'], pods, judgePod, 'resize'),
      onWrite(['CREATE', 'UPDATE'], persistentVolumeClaims, judgeClaim),
    ],
  };
}

/** None for what is on its way out: it must be possible to take its finalizers. */
async function rangesFor(
  objects: ObjectReader,
  { namespace, previous }: AdmissionRequest,
): Promise<readonly DeepReadonly<LimitRange>[]> {
  if (namespace === undefined || previous?.metadata.deletionTimestamp !== undefined) return [];
  const ranges = await objects.all(limitRanges, { namespace });
  return ranges.length < 2 ? ranges : [...ranges].sort((a, b) => compareText(a.metadata.name, b.metadata.name));
}

/** The first range that refuses says everything that it has against the object. */
async function judge(
  objects: ObjectReader,
  request: AdmissionRequest,
  why: (range: DeepReadonly<LimitRange>) => string[],
): Promise<void> {
  for (const range of await rangesFor(objects, request)) {
    const [first, ...others] = new Set(why(range));
    if (first === undefined) continue;
    const all = others.length === 0 ? first : `[${[first, ...others].join(', ')}]`;
    throw forbidden(request.kind, request.name, all);
  }
}
