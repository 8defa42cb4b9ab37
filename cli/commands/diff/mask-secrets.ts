/** Secrets side by side whose values are not shown: only which differ. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject } from '../../../api/object.ts';

type Masked = [KubernetesObject | undefined, KubernetesObject];

export function maskSecrets(before: KubernetesObject | undefined, after: KubernetesObject): Masked {
  const [left, right] = [dataOf(before), dataOf(after)];
  const mask = (data: Readonly<Record<string, unknown>>, side: string) =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => {
        const isBoth = Object.hasOwn(left, key) && Object.hasOwn(right, key);
        const differs = isBoth && left[key] !== right[key];
        return [key, value === null || value === undefined ? value : differs ? `*** (${side})` : '***'];
      }),
    );
  return [
    before === undefined ? undefined : withData(before, mask(left, 'before')),
    withData(after, mask(right, 'after')),
  ];
}

const dataOf = (object: KubernetesObject | undefined): Readonly<Record<string, unknown>> => {
  const data = object !== undefined && 'data' in object ? object.data : undefined;
  return isRecord(data) ? data : {};
};

/** An annotation may hold all of it, too. */
function withData(object: KubernetesObject, data: object): KubernetesObject {
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...annotations } = object.metadata?.annotations ?? {};
  const metadata = { ...object.metadata, ...(object.metadata?.annotations !== undefined && { annotations }) };
  return { ...object, metadata, ...(Object.keys(data).length > 0 && { data }) };
}
