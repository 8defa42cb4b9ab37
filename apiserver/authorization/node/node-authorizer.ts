/**
 * What kubelets may do: read what their own pods use, and the few things that every node needs; what they write is judged
 * further by the admission plugin NodeRestriction. Semantics and sentences are those of upstream's Node authorizer.
 *
 * Nothing is refused for not being known here: before that, all that was written by then is waited for. Whoever got a
 * pod from another API server may read at once what the pod uses.
 */

import { registryCredentialsNamespace } from '../../../api/registry-credentials.ts';
import type { SubjectRulesReviewStatus } from '../../../api/types/authorization/v1.ts';
import { nodeNameOf } from '../../request/node-user.ts';
import type { User } from '../../request/user.ts';
import type { Action, Authorizer, Verdict } from '../authorizer.ts';
import type { RelatedKind } from './node-graph.ts';
import { nodeRulesAllow } from './node-rules.ts';

type Resource = NonNullable<Action['resource']>;

/** What the authorizer has to know of nodes and objects. */
export interface Relations {
  /** What is known is as new as can be: a "yes" may be believed. */
  readonly isCurrent: boolean;
  isRelated(node: string, kind: RelatedKind, namespace: string, name: string): boolean;
  /** In which it has pods, but for those that it may have made itself. */
  namespacesOf(node: string): readonly string[];
  /** Resolves once every write that was acknowledged before this call is known. Throws when that cannot be had. */
  catchUp(): Promise<void>;
}

/** Credentials for registries that the cluster has for some namespaces. */
export interface SharedCredentials {
  /** Whether the Secret of that name in `kube-system` is for one of these namespaces. */
  isForOneOf(secretName: string, namespaces: readonly string[]): Promise<boolean>;
}

const allowed: Verdict = { decision: 'allow' };
const noOpinion = (reason?: string): Verdict => ({ decision: 'noOpinion', ...(reason && { reason }) });

const leaseNamespace = 'kube-node-lease';
const ownVerbs: readonly string[] = ['get', 'create', 'update', 'patch', 'delete'];
const reads: readonly string[] = ['get', 'list', 'watch'];

export class NodeAuthorizer implements Authorizer {
  readonly name = 'Node';
  readonly #relations: Relations;
  readonly #credentials: SharedCredentials;
  /** By `group/plural`. */
  readonly #judges: Readonly<
    Record<string, (node: string, verb: string, asked: Resource) => Verdict | Promise<Verdict>>
  >;

  constructor(relations: Relations, credentials: SharedCredentials) {
    this.#relations = relations;
    this.#credentials = credentials;
    this.#judges = {
      '/secrets': (...asked) => this.#secret(...asked),
      '/configmaps': (...asked) => this.#read('configmaps', ...asked),
      '/persistentvolumeclaims': (...asked) => this.#claim(...asked),
      '/persistentvolumes': (...asked) => this.#get('persistentvolumes', ...asked),
      'resource.k8s.io/resourceclaims': (...asked) => this.#get('resourceclaims', ...asked),
      'storage.k8s.io/volumeattachments': (...asked) => this.#get('volumeattachments', ...asked),
      '/serviceaccounts': (...asked) => this.#account(...asked),
      'coordination.k8s.io/leases': judgeLease,
      'storage.k8s.io/csinodes': judgeCsiNode,
      'resource.k8s.io/resourceslices': (...asked) => this.#slice(...asked),
      '/nodes': judgeNode,
      '/pods': (...asked) => this.#pod(...asked),
    };
  }

  authorize({ user, verb, resource }: Action): Verdict | Promise<Verdict> {
    const node = nodeNameOf(user);
    if (node === undefined) return noOpinion();
    if (node === '') return noOpinion(`unknown node for user ${JSON.stringify(user.name)}`);
    if (resource === undefined) return noOpinion();
    const id = `${resource.group}/${resource.plural}`;
    const judge = Object.hasOwn(this.#judges, id) ? this.#judges[id] : undefined;
    if (judge !== undefined) return judge(node, verb, resource);
    return nodeRulesAllow(verb, resource) ? allowed : noOpinion();
  }

  /** What hangs on pods has no list. */
  rulesFor(user: User): SubjectRulesReviewStatus {
    return { resourceRules: [], nonResourceRules: [], incomplete: nodeNameOf(user) !== undefined };
  }

  /** One object of a namespace, also as a list or a watch of that one. */
  #read(kind: RelatedKind, node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    if (!reads.includes(verb)) return noOpinion('can only read resources of this type');
    if (asked.subresource) return noOpinion('cannot read subresource');
    if (!asked.namespace) return noOpinion('can only read namespaced object of this type');
    return this.#related(kind, node, asked);
  }

  #secret(node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    const verdict = this.#read('secrets', node, verb, asked);
    const mayBeShared = verb === 'get' && !asked.subresource && asked.namespace === registryCredentialsNamespace;
    return mayBeShared && asked.name ? this.#orShared(verdict, node, asked.name) : verdict;
  }

  /** Not upstream's: what the cluster has for a namespace is for the nodes of its pods. */
  async #orShared(judged: Verdict | Promise<Verdict>, node: string, secretName: string): Promise<Verdict> {
    const verdict = await judged;
    if (verdict.decision === 'allow') return verdict;
    return (await this.#credentials.isForOneOf(secretName, this.#relations.namespacesOf(node))) ? allowed : verdict;
  }

  #get(kind: RelatedKind, node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    if (verb !== 'get') return noOpinion('can only get individual resources of this type');
    if (asked.subresource) return noOpinion('cannot get subresource');
    return this.#related(kind, node, asked);
  }

  #claim(node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    if (asked.subresource !== 'status') return this.#get('persistentvolumeclaims', node, verb, asked);
    // Upstream's sentence names one verb too many.
    if (verb !== 'update' && verb !== 'patch') return noOpinion('can only get/update/patch this type');
    return this.#related('persistentvolumeclaims', node, asked);
  }

  #account(node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    if (verb === 'get' && !asked.subresource) return this.#read('serviceaccounts', node, verb, asked);
    if (verb !== 'create' || !asked.name) return noOpinion('can only create tokens for individual service accounts');
    if (asked.subresource !== 'token') return noOpinion('can only create token subresource of serviceaccount');
    return this.#related('serviceaccounts', node, asked);
  }

  #pod(node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    switch (asked.subresource || '') {
      case '':
        if (verb === 'get') return this.#get('pods', node, verb, asked);
        if (verb === 'list' || verb === 'watch') return this.#listPods(node, asked);
        return verb === 'create' || verb === 'delete' ? allowed : noOpinion();
      case 'status':
        return verb === 'update' || verb === 'patch' ? allowed : noOpinion();
      // Not upstream's: names of what `#secret` lets it read.
      case 'registrycredentials':
        return verb === 'get' ? this.#related('pods', node, asked) : noOpinion();
      case 'eviction':
        return verb === 'create' ? allowed : noOpinion();
      default:
        return noOpinion();
    }
  }

  #listPods(node: string, asked: Resource): Verdict | Promise<Verdict> {
    if (selectsOwn(asked, 'spec.nodeName', node)) return allowed;
    if (asked.name) return this.#related('pods', node, asked);
    return noOpinion('can only list/watch pods with spec.nodeName field selector');
  }

  #slice(node: string, verb: string, asked: Resource): Verdict | Promise<Verdict> {
    if (asked.subresource) return noOpinion('cannot authorize ResourceSlice subresources');
    switch (verb) {
      case 'create':
        return allowed;
      case 'get':
      case 'update':
      case 'patch':
      case 'delete':
        return this.#related('resourceslices', node, asked);
      case 'list':
      case 'watch':
      case 'deletecollection':
        if (selectsOwn(asked, 'spec.nodeName', node)) return allowed;
        return noOpinion('can only list/watch/deletecollection resourceslices with nodeName field selector');
      default:
        return noOpinion(
          'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
        );
    }
  }

  #related(kind: RelatedKind, node: string, { namespace = '', name }: Resource): Verdict | Promise<Verdict> {
    if (!name) return noOpinion('No Object name found');
    const relations = this.#relations;
    if (relations.isCurrent && relations.isRelated(node, kind, namespace, name)) return allowed;
    return this.#relatedOnceCurrent(kind, node, namespace, name);
  }

  async #relatedOnceCurrent(kind: RelatedKind, node: string, namespace: string, name: string): Promise<Verdict> {
    await this.#relations.catchUp();
    if (this.#relations.isRelated(node, kind, namespace, name)) return allowed;
    return noOpinion(`no relationship found between node '${node}' and this object`);
  }
}

/** The name of what is created, NodeRestriction sees. */
function judgeLease(node: string, verb: string, { namespace, name }: Resource): Verdict {
  if (!ownVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a node lease');
  if (namespace !== leaseNamespace) {
    return noOpinion(`can only access leases in the ${JSON.stringify(leaseNamespace)} system namespace`);
  }
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access node lease with the same name as the requesting node');
  }
  return allowed;
}

function judgeCsiNode(node: string, verb: string, { subresource, name }: Resource): Verdict {
  if (!ownVerbs.includes(verb)) return noOpinion('can only get, create, update, patch, or delete a CSINode');
  if (subresource) return noOpinion('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) {
    return noOpinion('can only access CSINode with the same name as the requesting node');
  }
  return allowed;
}

/** Which node is written, NodeRestriction sees. A node may ask for itself before it is there. */
function judgeNode(node: string, verb: string, { subresource, name }: Resource): Verdict {
  if (subresource) {
    return subresource === 'status' && (verb === 'update' || verb === 'patch') ? allowed : noOpinion();
  }
  if (verb === 'create' || verb === 'update' || verb === 'patch') return allowed;
  if (!reads.includes(verb)) return noOpinion();
  if (name === node) return allowed;
  return noOpinion(
    name
      ? `node '${node}' cannot read '${name}', only its own Node object`
      : `node '${node}' cannot read all nodes, only its own Node object`,
  );
}

const selectsOwn = ({ fields = [] }: Resource, field: string, node: string): boolean =>
  fields.some((one) => one.field === field && !one.isNegated && one.value === node);
