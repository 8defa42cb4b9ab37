/** Which huge pages an emptyDir is in. Pure. */

import { computePodAmounts } from '../../api/pod-amounts.ts';
import { parseQuantity } from '../../api/quantity.ts';
import type { PodObject } from '../model/pod.ts';

const resourcePrefix = 'hugepages-';
const mediumPrefix = 'HugePages-';

/** In bytes. Throws an Error for a medium that is none, or that the pod asks for no pages of. */
export function pageSizeOf({ spec }: PodObject, medium: string): number {
  const amounts = spec === undefined ? [] : [...computePodAmounts(spec, 'requests', { withOverhead: false })];
  const sizes = amounts.flatMap(([name, { nanos }]) =>
    name.startsWith(resourcePrefix) && nanos > 0n ? [name.slice(resourcePrefix.length)] : [],
  );
  if (medium !== 'HugePages' && !medium.startsWith(mediumPrefix))
    throw new Error(`its medium ${medium} is not supported by this node`);
  const wanted = medium === 'HugePages' ? sizes : [medium.slice(mediumPrefix.length)];
  const [size] = wanted;
  if (size === undefined) throw new Error('the pod requests no huge pages');
  if (wanted.length > 1)
    throw new Error(`the pod requests huge pages of several sizes (${sizes.join(', ')}): its medium has to name one`);
  const bytes = sizes.find((one) => parseQuantity(one) === parseQuantity(size));
  if (bytes === undefined) throw new Error(`the pod requests no huge pages of ${size}`);
  return parseQuantity(size);
}
