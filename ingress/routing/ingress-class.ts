/** Which Ingresses are ours. Pure. */

import { defaultIngressClassAnnotation, ingressClassAnnotation } from '../../api/labels.ts';
import type { Ingress, IngressClass } from '../../api/types/networking/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

/** What an IngressClass of ours says in `spec.controller`. */
export const controllerName = 'longshore.dev/ingress';

/**
 * One that names a class does so in its spec, or in the annotation of old; one that names none is for the default class,
 * also where that became so later.
 */
export function isOurs({ spec, metadata }: Cached<Ingress>, classes: Iterable<Cached<IngressClass>>): boolean {
  const name = spec?.ingressClassName ?? metadata.annotations?.[ingressClassAnnotation];
  for (const one of classes) {
    if (one.spec?.controller !== controllerName) continue;
    if (name === undefined ? isDefault(one) : one.metadata.name === name) return true;
  }
  return false;
}

const isDefault = ({ metadata }: Cached<IngressClass>): boolean =>
  metadata.annotations?.[defaultIngressClassAnnotation] === 'true';
