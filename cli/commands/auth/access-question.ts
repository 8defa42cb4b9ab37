/** `can-i VERB RESOURCE[.GROUP][/NAME]` or `can-i VERB /PATH`: the words as a question to the server. Pure. */

import type { ServedResource } from '../../../api/resource.ts';
import type { SelfSubjectAccessReviewSpec } from '../../../api/types/authorization/v1.ts';
import { UserError } from '../../../base/user-error.ts';

export interface AccessWords {
  readonly verb: string;
  /** As it was written: `pods`, `deployments.apps`, `*`; absent for a path. */
  readonly resource?: string;
  readonly name?: string;
  /** `/healthz` */
  readonly path?: string;
}

/** Throws UserError. */
export function parseAccessWords(words: readonly string[]): AccessWords {
  const [verb = '', what = '', ...others] = words;
  if (verb === '' || what === '' || others.length > 1)
    throw new UserError('Ask for a verb and a resource: kubecfg auth can-i VERB RESOURCE[/NAME], or VERB /PATH');
  if (what.startsWith('/')) {
    if (others.length > 0) throw new UserError(`A path has no name: "${others[0]}" is too much`);
    return { verb, path: what };
  }
  const slash = what.indexOf('/');
  const [resource, written] = slash < 0 ? [what, others[0]] : [what.slice(0, slash), what.slice(slash + 1)];
  if (resource === '' || written === '' || (slash >= 0 && others.length > 0))
    throw new UserError(`Write either "RESOURCE NAME" or "RESOURCE/NAME", not "${words.slice(1).join(' ')}"`);
  return { verb, resource, ...(written !== undefined && { name: written }) };
}

export interface AccessPlace {
  /** undefined: the server knows no such resource. */
  readonly kind: Pick<ServedResource, 'group' | 'plural' | 'namespaced'> | undefined;
  readonly namespace: string | undefined;
  readonly subresource: string | undefined;
}

/** Throws UserError. */
export function accessQuestion(
  { verb, resource = '', name, path }: AccessWords,
  { kind, namespace, subresource }: AccessPlace,
): SelfSubjectAccessReviewSpec {
  if (path !== undefined) {
    if (subresource !== undefined) throw new UserError('--subresource is for resources: a path has none');
    return { nonResourceAttributes: { path, verb } };
  }
  const [plural = '', ...group] = resource.split('.');
  const isPlaced = kind?.namespaced ?? true;
  return {
    resourceAttributes: {
      verb,
      group: kind?.group ?? group.join('.'),
      resource: kind?.plural ?? plural,
      ...(isPlaced && namespace !== undefined && { namespace }),
      ...(subresource !== undefined && { subresource }),
      ...(name !== undefined && { name }),
    },
  };
}
