/** What a token stands and falls with: its account, and the Secret, the pod or the node that it is bound to. Pure. */

import { timingSafeEqual } from 'node:crypto';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { nodes, pods, secrets, serviceAccounts } from '../../../api/resources/core.ts';
import { parseTime } from '../../../api/time.ts';
import type { Secret } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Named, TokenClaims } from './claims.ts';

export interface BoundObject {
  readonly resource: Resource;
  readonly isNamespaced: boolean;
  readonly named: Named;
  /** What is said when it is not there any more. */
  readonly goneWords: string;
  /** `pod UID (1) does not match service account pod ref claim (2)`, but for the UIDs. */
  readonly uidWords: readonly [string, string];
}

/** A token of a pod names the node that the pod runs on, but does not depend on it. */
export function boundObjectsOf({ serviceaccount, secret, pod, node }: TokenClaims): readonly BoundObject[] {
  const bound = (resource: Resource, named: Named | undefined, what: string, goneWords: string): BoundObject[] =>
    named === undefined
      ? []
      : [
          {
            resource,
            isNamespaced: resource.namespaced,
            named,
            goneWords,
            uidWords: [what, `service account ${what} ref claim`],
          },
        ];
  const account: BoundObject = {
    resource: serviceAccounts,
    isNamespaced: true,
    named: serviceaccount,
    goneWords: 'service account has been deleted',
    uidWords: ['service account', 'claim'],
  };
  return [
    account,
    ...bound(secrets, secret, 'secret', 'service account token has been invalidated'),
    ...bound(pods, pod, 'pod', 'pod has been deleted'),
    ...(pod === undefined ? bound(nodes, node, 'node', 'node has been deleted') : []),
  ];
}

/** An object that is being deleted keeps its tokens alive so long: what ends may need them to end in order. */
const lastWordsMs = 60_000;

type Found = DeepReadonly<Stored<KubernetesObject>> | undefined;

/** Why the token is good no more; undefined when it is. */
export function whyDead(
  { resource, named, goneWords, uidWords: [what, claim] }: BoundObject,
  found: Found,
  { now, token }: { readonly now: number; readonly token: string },
): string | undefined {
  if (found === undefined) return `${resource.plural} ${JSON.stringify(named.name)} not found`;
  const { uid, deletionTimestamp } = found.metadata;
  if (named.uid !== undefined && named.uid !== uid)
    return `${what} UID (${uid}) does not match ${claim} (${named.uid})`;
  if ((parseTime(deletionTimestamp) ?? Number.POSITIVE_INFINITY) < now - lastWordsMs) return goneWords;
  if (resource === secrets && !isServersCopy(found, token)) return goneWords;
  return undefined;
}

/** A Secret that holds a token of its own holds no other: it may have got a new one because the old one is known to others. */
function isServersCopy(secret: DeepReadonly<Secret>, token: string): boolean {
  if (secret.type !== 'kubernetes.io/service-account-token') return true;
  const held = Buffer.from(secret.data?.token ?? '', 'base64');
  const shown = Buffer.from(token);
  return held.length === 0 || (held.length === shown.length && timingSafeEqual(held, shown));
}
