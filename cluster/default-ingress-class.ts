/**
 * The class of Ingresses that the cluster's own ingress serves, which those without one get. A cluster gets it once, and
 * remembers that on the namespace kube-system: whoever deletes it, or makes another one the default, is not overruled by
 * the next start.
 */

import { defaultIngressClassAnnotation } from '../api/labels.ts';
import type { Stored } from '../api/object.ts';
import { namespaces } from '../api/resources/core.ts';
import { ingressClasses } from '../api/resources/networking.ts';
import { isAlreadyExists } from '../api/status-error.ts';
import type { Namespace } from '../api/types/core/v1.ts';
import type { IngressClass } from '../api/types/networking/v1.ts';
import type { Client } from '../client/client.ts';
import { controllerName } from '../ingress/routing/ingress-class.ts';

const noteAnnotation = 'longshore.dev/default-ingress-class';
const home = { name: 'kube-system' };

/** Idempotent: only the first call in the life of a cluster makes it; it is the default unless another one is. */
export async function ensureDefaultIngressClass(client: Client): Promise<void> {
  const { metadata } = await client.get<Namespace>(namespaces, home);
  if (metadata.annotations?.[noteAnnotation] !== undefined) return;
  const { items } = await client.list(ingressClasses);
  await createUnlessThere(client, { isDefault: !items.some(isDefault) });
  const body = { metadata: { annotations: { [noteAnnotation]: 'provided' } } };
  await client.patch<Namespace>(namespaces, home, { type: 'merge', body });
}

const isDefault = ({ metadata }: Stored<IngressClass>): boolean =>
  metadata.annotations?.[defaultIngressClassAnnotation] === 'true';

/** A class of that name may be somebody's own, or of a start that ended before its note. */
async function createUnlessThere(client: Client, { isDefault }: { readonly isDefault: boolean }): Promise<void> {
  const annotations = isDefault ? { [defaultIngressClassAnnotation]: 'true' } : {};
  try {
    await client.create<IngressClass>(ingressClasses, {
      metadata: { name: 'longshore', annotations },
      spec: { controller: controllerName },
    });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
