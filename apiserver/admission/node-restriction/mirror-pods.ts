/** What a pod may look like that a kubelet makes: the picture of one of its own, which brings it nothing. As upstream. */

import { mirrorAnnotation } from '../../../api/labels.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { OwnerReference } from '../../../api/types/meta/v1.ts';

/** Why the node may not make it; undefined: it may, if the node's uid is that of its owner. */
export function whyNoMirrorPod(node: string, { metadata, spec }: Pod): string | undefined {
  const quoted = JSON.stringify(node);
  if (metadata?.annotations?.[mirrorAnnotation] === undefined) {
    return `pod does not have ${JSON.stringify(mirrorAnnotation)} annotation, node ${quoted} can only create mirror pods`;
  }
  if (spec?.nodeName !== node) return `node ${quoted} can only create pods with spec.nodeName set to itself`;
  return whyNotOwned(node, metadata.ownerReferences ?? []);
}

function whyNotOwned(node: string, [owner, ...others]: readonly OwnerReference[]): string | undefined {
  const only = (what: string) => `node ${JSON.stringify(node)} can only create pods with ${what} set to itself`;
  if (others.length > 0) return only('a single owner reference');
  if (owner === undefined) return only('an owner reference');
  if (owner.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) return only('an owner reference');
  if (owner.controller !== true) return only('a controller owner reference');
  if (owner.blockOwnerDeletion === true) {
    return `node ${JSON.stringify(node)} must not set blockOwnerDeletion on an owner reference`;
  }
  return undefined;
}
