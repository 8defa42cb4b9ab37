/** Takes the finalizer of the Job controller from a pod. */

import { pods } from '../../../api/resources/core.ts';
import { isInvalid, isNotFound } from '../../../api/status-error.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { trackingFinalizer } from './job-pods.ts';

/**
 * Idempotent; a pod that is gone is success. Others may change the pod meanwhile: what is taken is this one finalizer.
 * `unchanged`: only when nobody has changed it; otherwise Conflict is thrown.
 */
export async function releasePod(
  client: Pick<Client, 'patch' | 'list'>,
  pod: Cached<Pod>,
  { unchanged = false }: { readonly unchanged?: boolean } = {},
): Promise<void> {
  const { namespace, name, uid, resourceVersion } = pod.metadata;
  const own = { uid, ...(unchanged && { resourceVersion }) };
  const body = { metadata: { ...own, '$deleteFromPrimitiveList/finalizers': [trackingFinalizer] } };
  try {
    await client.patch(pods, { namespace, name }, { type: 'strategic', body });
  } catch (error) {
    if (isNotFound(error) || (isInvalid(error) && (await isAnother(client, pod)))) return;
    throw error;
  }
}

/** A pod of this name is there that is not the one that is meant: that one is gone. */
async function isAnother(client: Pick<Client, 'list'>, { metadata }: Cached<Pod>): Promise<boolean> {
  const selection = { namespace: metadata.namespace, fieldSelector: `metadata.name=${metadata.name}` };
  const { items } = await client.list(pods, selection);
  return items.every((pod) => pod.metadata.uid !== metadata.uid);
}
