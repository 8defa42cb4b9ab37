/**
 * CONTRACT: may this caller do that with this kubelet? Asked once for each request, after the caller was identified
 * (`authenticator.ts`). `reviewing-authorizer.ts` asks the API server.
 */

/** Who calls, as the API server knows him. */
export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** What is asked, in the words of roles: a verb on subresources of this node, one of which is enough. */
export interface NodeAction {
  readonly caller: Caller;
  readonly verb: string;
  readonly resource: 'nodes';
  /** The narrowest first. */
  readonly subresources: readonly string[];
}

export interface Authorizer {
  /** False: refused. Throws when it cannot be found out: then the request is refused too. */
  authorize(action: NodeAction): boolean | Promise<boolean>;
}

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** By the first word of the path. What had no subresource of its own at first may still be had by `proxy`. */
const subresources: Readonly<Record<string, readonly string[]>> = {
  pods: ['pods', 'proxy'],
  runningpods: ['pods', 'proxy'],
  healthz: ['healthz', 'proxy'],
  configz: ['configz', 'proxy'],
  statusz: ['statusz', 'proxy'],
  flagz: ['flagz', 'proxy'],
  logs: ['log'],
  metrics: ['metrics'],
  stats: ['stats'],
  checkpoint: ['checkpoint'],
};

/** `root`: the first word of the path. */
export function actionOf(caller: Caller, { method, root }: { method: string; root: string }): NodeAction {
  return {
    caller,
    verb: verbs[method] ?? method.toLowerCase(),
    resource: 'nodes',
    subresources: (Object.hasOwn(subresources, root) ? subresources[root] : undefined) ?? ['proxy'],
  };
}

/** Upstream's sentences. */
export const describeRefusal = ({ caller, verb, resource, subresources: asked }: NodeAction): string =>
  `Forbidden (user=${caller.name}, verb=${verb}, resource=${resource}, subresource(s)=[${asked.join(' ')}])\n`;

export const describeFailure = ({ caller, verb, resource, subresources: asked }: NodeAction): string =>
  `Authorization error (user=${caller.name}, verb=${verb}, resource=${resource}, subresource=${asked[0]})`;
