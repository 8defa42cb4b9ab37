/** A pod that runs on a node is not made larger than the node: the kubelet could only say that it will never be. */

import { isDeepStrictEqual } from 'node:util';
import { readAmounts } from '../../api/amounts.ts';
import { computePodAmounts } from '../../api/pod-amounts.ts';
import { milliUnits, type Quantity, wholeUnits } from '../../api/quantity.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { forbidden } from '../../api/status-error.ts';
import type { Node, PodSpec } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type AdmissionPlugin, onWrite } from '../registry/admission.ts';
import type { ObjectReader } from '../registry/object-reader.ts';

export const createPodResizeValidator = (objects: ObjectReader): AdmissionPlugin => ({
  name: 'PodResizeValidator',

  validate: [
    onWrite(
      ['UPDATE'],
      pods,
      async ({ kind, name, object: { spec }, previous }) => {
        if (!spec?.nodeName || isDeepStrictEqual(spec, previous?.spec)) return;
        const node = await objects.find(nodes, { name: spec.nodeName });
        if (node === undefined) throw forbidden(kind, name, `node "${spec.nodeName}" not found`);
        const excess = excessOf(spec, node);
        if (excess.length === 0) return;
        const message = `node didn't have enough allocatable resources: ${excess.join('; ')}`;
        throw forbidden(kind, name, message);
      },
      'resize',
    ),
  ],
});

const units: Readonly<Record<string, (quantity: Quantity) => bigint>> = { cpu: milliUnits, memory: wholeUnits };

/** `cpu, requested: 4000, allocatable: 2000` */
function excessOf(spec: DeepReadonly<PodSpec>, { status }: DeepReadonly<Node>): string[] {
  const requested = computePodAmounts(spec, 'requests', { withOverhead: true });
  const allocatable = readAmounts(status?.allocatable);
  return Object.entries(units).flatMap(([name, unitsOf]) => {
    const [wanted, whole] = [requested, allocatable].map((amounts) => amounts.get(name));
    if (wanted === undefined || wanted.nanos <= (whole?.nanos ?? 0n)) return [];
    return [`${name}, requested: ${unitsOf(wanted)}, allocatable: ${whole === undefined ? 0 : unitsOf(whole)}`];
  });
}
