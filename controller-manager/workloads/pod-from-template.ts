/** The pod that an owner makes of a template. Pure. */

import type { KubernetesObject } from '../../api/object.ts';
import type { Pod, PodTemplateSpec } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import { controllerReference } from './ownership.ts';

/** Controlled by `owner`, with the template's labels, annotations and finalizers, and its spec as it is. */
export function podFromTemplate(
  owner: Cached<KubernetesObject>,
  template: DeepReadonly<PodTemplateSpec>,
  names: { readonly name: string; readonly generateName?: string },
): Pod & { metadata: NonNullable<Pod['metadata']> } {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    metadata: {
      ...(owner.metadata.namespace !== undefined && { namespace: owner.metadata.namespace }),
      ...names,
      ...(labels && { labels: { ...labels } }),
      ...(annotations && { annotations: { ...annotations } }),
      ...(finalizers && { finalizers: [...finalizers] }),
      ownerReferences: [controllerReference(owner)],
    },
    // Read-only in the cache; the client only sends it.
    ...(template.spec && { spec: template.spec as NonNullable<Pod['spec']> }),
  };
}
