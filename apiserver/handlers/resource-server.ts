/**
 * CONTRACT: who serves a resource, or a part of it. As upstream's rest.Storage: a server has the methods of the verbs
 * that it answers. Which verbs those are is said in `kinds/served-by.ts`; `ServerOf` holds the two together.
 */

import type { Verb } from '../../api/resource.ts';
import type { ServerName, Serving, servings } from '../../kinds/served-by.ts';
import type { Target } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';

/**
 * Answers the request. It has passed authentication and authorization; kind, scope, verb and what the client accepts
 * fit. Throws, at once or later, what it is refused for.
 */
export type Serve = (request: ApiRequest, target: Target) => Promise<void>;

export interface ResourceServer {
  readonly get?: Serve;
  readonly list?: Serve;
  readonly watch?: Serve;
  readonly create?: Serve;
  readonly update?: Serve;
  readonly patch?: Serve;
  readonly delete?: Serve;
  readonly deleteCollection?: Serve;
  /** Every verb: what becomes of it is decided elsewhere. */
  readonly connect?: Serve;
  /** What it answers with. Default: objects, and for lists and watches tables and streams too. */
  readonly mediaTypes?: readonly string[];
}

type MethodOf<V extends Verb> = V extends 'deletecollection' ? 'deleteCollection' : V;

type Methods<S extends Serving> = S extends { readonly connects: true }
  ? { readonly connect: Serve }
  : { readonly [Name in MethodOf<S['verbs'][number]>]: Serve };

/** A server of a name: it has what its verbs need, and nothing else. */
export type ServerOf<Name extends ServerName> = Methods<(typeof servings)[Name]> & Pick<ResourceServer, 'mediaTypes'>;

/** One for each name. */
export type ResourceServers = { readonly [Name in ServerName]: ServerOf<Name> };

const methods: Readonly<Record<Verb, Exclude<keyof ResourceServer, 'connect' | 'mediaTypes'>>> = {
  get: 'get',
  list: 'list',
  watch: 'watch',
  create: 'create',
  update: 'update',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'deleteCollection',
};

/** What answers a verb; undefined: nothing does. */
export const methodOf = (server: ResourceServer, verb: Verb): Serve | undefined =>
  server.connect ?? server[methods[verb]];
