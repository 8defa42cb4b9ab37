/**
 * CONTRACT: the ways in which the API server serves kinds and parts of them, and the verbs of each. A kind and each of
 * its subresources name one; their verbs follow from it, and so does what discovery says. What answers is the server
 * of that name in `apiserver/handlers/subresources/resource-servers.ts`, where one that is missing, or lacks a verb, does not compile.
 */

import { allVerbs, type Verb } from '../api/resource.ts';

export interface Serving {
  readonly verbs: readonly Verb[];
  /** The request is handed on as it is, whatever the verb: to a kubelet, or to what a pod serves. */
  readonly connects?: true;
  /** Its objects are made when they are asked for: there is nothing of them in the store. */
  readonly isComputed?: true;
}

const create = { verbs: ['create'] } as const;
/** A stream of its own protocol, with its options in the query. */
const stream = { verbs: ['create', 'get'], connects: true } as const;
const measured = { verbs: ['get', 'list'], isComputed: true } as const;
const proxy = { verbs: ['create', 'delete', 'get', 'patch', 'update'], connects: true } as const;

export const servings = {
  /** Objects in the store. */
  stored: { verbs: allVerbs },
  /** The same, of which each is only deleted by itself. */
  storedOneByOne: { verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'] },
  readOnly: { verbs: ['get', 'list'] },
  nodeMetrics: measured,
  podMetrics: measured,
  /** A part of the stored object, read and written by itself. */
  storedPart: { verbs: ['get', 'patch', 'update'] },
  /** The same, which is only written. */
  finalize: { verbs: ['update'] },
  scale: { verbs: ['get', 'patch', 'update'] },

  binding: create,
  eviction: create,
  token: create,
  tokenReview: create,
  selfSubjectReview: create,
  subjectAccessReview: create,
  localSubjectAccessReview: create,
  selfSubjectAccessReview: create,
  selfSubjectRulesReview: create,

  log: { verbs: ['get'] },
  podWhy: { verbs: ['get'] },
  podRetry: create,
  registryCredentials: { verbs: ['get'] },
  attach: stream,
  exec: stream,
  portForward: stream,
  nodeProxy: proxy,
  podProxy: proxy,
  serviceProxy: proxy,
} as const satisfies Readonly<Record<string, Serving>>;

export type ServerName = keyof typeof servings;

/** Whether objects of a kind that is served so are in the store. */
export function isStored({ servedBy }: { readonly servedBy: ServerName }): boolean {
  const { verbs, isComputed }: Serving = servings[servedBy];
  return verbs.includes('get') && isComputed !== true;
}
