/**
 * CONTRACT: may this caller do that with this kubelet? Asked once for each request, after the caller was identified.
 * Today the API server alone may; a later authorizer asks it about others (SubjectAccessReview).
 */

import type { CertifiedCaller } from '../../base/caller-certificate.ts';

/** What is asked, in the words of roles: a verb on a subresource of this node. */
export interface NodeAction {
  readonly caller: CertifiedCaller;
  readonly verb: string;
  readonly resource: 'nodes';
  readonly subresource: 'proxy' | 'log' | 'metrics' | 'stats';
}

export interface Authorizer {
  /** False: refused. Throws when it cannot be found out: then the request is refused too. */
  authorize(action: NodeAction): boolean | Promise<boolean>;
}

/** The name in the certificate that the API server shows kubelets. */
const apiServerName = 'kube-apiserver-kubelet-client';

export const apiServerOnly: Authorizer = {
  authorize: ({ caller }) => caller.name === apiServerName,
};

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const subresources: Readonly<Record<string, NodeAction['subresource']>> = {
  logs: 'log',
  metrics: 'metrics',
  stats: 'stats',
};

/** `root`: the first word of the path. */
export function actionOf(caller: CertifiedCaller, { method, root }: { method: string; root: string }): NodeAction {
  return {
    caller,
    verb: verbs[method] ?? method.toLowerCase(),
    resource: 'nodes',
    subresource: Object.hasOwn(subresources, root) ? (subresources[root] ?? 'proxy') : 'proxy',
  };
}

/** Upstream's sentence. */
export const describeRefusal = ({ caller, verb, resource, subresource }: NodeAction): string =>
  `Forbidden (user=${caller.name}, verb=${verb}, resource=${resource}, subresource=${subresource})`;
