/** Who owns whom among all objects, by uid: kept from the changes that informers announce. Holds no objects. */

import type { KubernetesObject } from '../../api/object.ts';
import { parseApiVersion, type Resource } from '../../api/resource.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

export interface GraphNode {
  readonly kind: Resource;
  readonly object: Cached<KubernetesObject>;
}

export type Reference = DeepReadonly<OwnerReference>;

export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #dependents = new Map<string, Set<string>>();

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  dependentsOf(ownerUid: string): GraphNode[] {
    const uids = this.#dependents.get(ownerUid) ?? [];
    return [...uids].map((uid) => this.#nodes.get(uid)).filter((node) => node !== undefined);
  }

  set(kind: Resource, object: Cached<KubernetesObject>): void {
    this.#unlink(object.metadata.uid);
    this.#nodes.set(object.metadata.uid, { kind, object });
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(uid) ?? new Set();
      this.#dependents.set(uid, dependents.add(object.metadata.uid));
    }
  }

  delete(uid: string): void {
    this.#unlink(uid);
    this.#nodes.delete(uid);
  }

  /** The server has this resource no more, and so no object of it; returns the uids of what they owned. */
  forget({ group, plural }: Resource): string[] {
    const gone = [...this.#nodes.values()].filter(({ kind }) => kind.group === group && kind.plural === plural);
    for (const { object } of gone) this.delete(object.metadata.uid);
    return gone
      .flatMap(({ object }) => this.dependentsOf(object.metadata.uid))
      .map(({ object }) => object.metadata.uid);
  }

  /** The owner that a reference names, when it is known and everything in the reference is right. */
  resolve(reference: Reference, namespace: string | undefined): GraphNode | undefined {
    const node = this.#nodes.get(reference.uid);
    if (node === undefined) return undefined;
    const { name, namespace: ownerNamespace } = node.object.metadata;
    const reachable = ownerNamespace === undefined || ownerNamespace === namespace;
    const same = node.kind.kind === reference.kind && node.kind.group === groupOf(reference.apiVersion);
    return reachable && same && name === reference.name ? node : undefined;
  }

  #unlink(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.object.metadata.ownerReferences ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }
}

/** References stay valid when a kind's version changes. */
export const groupOf = (apiVersion: string): string => parseApiVersion(apiVersion)?.group ?? '';
