/**
 * Which objects each node needs, because of what its pods use: asked at every read of a kubelet, so an answer is a few
 * look-ups, however many pods there are.
 *
 *   secret, ConfigMap, service account, resource claim ──► pod ──► node
 *   secret ──► volume ──► claim ──► pod ──► node          attachment, resource slice ──► node
 *
 * Invariant: `#users` counts, for each object and node, the pods of that node that name the object.
 */

import { mirrorAnnotation } from '../../../api/labels.ts';
import type { ObjectKey, Stored } from '../../../api/object.ts';
import { claimNamesOf, configMapNamesOf, resourceClaimNamesOf, secretNamesOf } from '../../../api/pod-references.ts';
import type { PersistentVolume, Pod } from '../../../api/types/core/v1.ts';
import { nodeSecretsOf } from '../../../api/volume-references.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

/** By plural. */
export type RelatedKind =
  | 'secrets'
  | 'configmaps'
  | 'serviceaccounts'
  | 'persistentvolumeclaims'
  | 'resourceclaims'
  | 'pods'
  | 'persistentvolumes'
  | 'volumeattachments'
  | 'resourceslices';

type PodView = DeepReadonly<Stored<Pod>>;
type VolumeView = DeepReadonly<Stored<PersistentVolume>>;

interface BoundPod {
  readonly node: string;
  /** Keys of `#users`, each once. */
  readonly uses: readonly string[];
  /** A picture that the node may have made itself. */
  readonly isMirror: boolean;
}

interface BoundVolume {
  readonly claim: string;
  readonly secrets: readonly string[];
}

const keyIn = (kind: RelatedKind, namespace: string, name: string): string => `${kind}/${namespace}/${name}`;

export class NodeGraph {
  readonly #pods = new Map<string, BoundPod>();
  readonly #users = new Map<string, Map<string, number>>();
  readonly #volumes = new Map<string, BoundVolume>();
  /** Names of the volumes that refer to a secret. */
  readonly #volumesOfSecret = new Map<string, Set<string>>();
  /** Of attachments and resource slices: whose they are. */
  readonly #owners = { volumeattachments: new Map<string, string>(), resourceslices: new Map<string, string>() };

  isRelated(node: string, kind: RelatedKind, namespace: string, name: string): boolean {
    switch (kind) {
      case 'pods':
        return this.#pods.get(`${namespace}/${name}`)?.node === node;
      case 'volumeattachments':
      case 'resourceslices':
        return this.#owners[kind].get(name) === node;
      case 'persistentvolumes':
        return this.#mounts(node, name);
      case 'secrets': {
        const key = keyIn(kind, namespace, name);
        return (
          this.#uses(node, key) || [...(this.#volumesOfSecret.get(key) ?? [])].some((one) => this.#mounts(node, one))
        );
      }
      default:
        return this.#uses(node, keyIn(kind, namespace, name));
    }
  }

  #uses(node: string, key: string): boolean {
    return this.#users.get(key)?.has(node) ?? false;
  }

  #mounts(node: string, volume: string): boolean {
    const claim = this.#volumes.get(volume)?.claim;
    return claim !== undefined && this.#uses(node, claim);
  }

  /** Of the pods of a node, but of mirror pods. Looks at every pod: for what is asked seldom. */
  namespacesOf(node: string): string[] {
    const found = new Set<string>();
    for (const [key, pod] of this.#pods)
      if (pod.node === node && !pod.isMirror) found.add(key.slice(0, key.indexOf('/')));
    return [...found];
  }

  setPod(pod: PodView): void {
    const { namespace = '', name } = pod.metadata;
    const node = pod.spec?.nodeName;
    const before = this.#pods.get(`${namespace}/${name}`);
    const uses = node ? this.#usesOf(pod) : [];
    // Of a pod that is bound little ever changes.
    if (before?.node === node && isSame(before?.uses ?? [], uses)) return;
    this.removePod({ namespace, name });
    if (!node) return;
    for (const key of uses) this.#count(key, node);
    this.#pods.set(`${namespace}/${name}`, { node, uses, isMirror: isMirror(pod) });
  }

  removePod({ namespace = '', name }: ObjectKey): void {
    const before = this.#pods.get(`${namespace}/${name}`);
    if (before === undefined) return;
    this.#pods.delete(`${namespace}/${name}`);
    for (const key of before.uses) this.#discount(key, before.node);
  }

  /** A node may make mirror pods itself: they must not give it anything. */
  #usesOf(pod: PodView): string[] {
    const { namespace = '' } = pod.metadata;
    if (isMirror(pod)) return [];
    const keys = (kind: RelatedKind, names: readonly string[]) => names.map((name) => keyIn(kind, namespace, name));
    const account = pod.spec?.serviceAccountName;
    return [
      ...new Set([
        ...keys('serviceaccounts', account ? [account] : []),
        ...keys('secrets', secretNamesOf(pod)),
        ...keys('configmaps', configMapNamesOf(pod)),
        ...keys('persistentvolumeclaims', claimNamesOf(pod)),
        ...keys('resourceclaims', resourceClaimNamesOf(pod)),
      ]),
    ];
  }

  #count(key: string, node: string): void {
    let nodes = this.#users.get(key);
    if (nodes === undefined) {
      nodes = new Map();
      this.#users.set(key, nodes);
    }
    nodes.set(node, (nodes.get(node) ?? 0) + 1);
  }

  #discount(key: string, node: string): void {
    const nodes = this.#users.get(key);
    const left = (nodes?.get(node) ?? 0) - 1;
    if (left > 0) nodes?.set(node, left);
    else nodes?.delete(node);
    if (nodes?.size === 0) this.#users.delete(key);
  }

  setVolume(volume: VolumeView): void {
    const { name } = volume.metadata;
    this.removeVolume({ name });
    const claim = volume.spec?.claimRef;
    if (!claim) return;
    const secrets = nodeSecretsOf(volume).map((secret) => keyIn('secrets', secret.namespace, secret.name));
    const key = keyIn('persistentvolumeclaims', claim.namespace ?? '', claim.name ?? '');
    this.#volumes.set(name, { claim: key, secrets });
    for (const secret of secrets) {
      const volumes = this.#volumesOfSecret.get(secret);
      if (volumes === undefined) this.#volumesOfSecret.set(secret, new Set([name]));
      else volumes.add(name);
    }
  }

  removeVolume({ name }: ObjectKey): void {
    for (const secret of this.#volumes.get(name)?.secrets ?? []) {
      const volumes = this.#volumesOfSecret.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret);
    }
    this.#volumes.delete(name);
  }

  /** `node` empty: it is nobody's. */
  setOwner(kind: 'volumeattachments' | 'resourceslices', name: string, node: string | undefined): void {
    if (node) this.#owners[kind].set(name, node);
    else this.#owners[kind].delete(name);
  }

  resetPods(): void {
    this.#pods.clear();
    this.#users.clear();
  }

  resetVolumes(): void {
    this.#volumes.clear();
    this.#volumesOfSecret.clear();
  }

  resetOwners(kind: 'volumeattachments' | 'resourceslices'): void {
    this.#owners[kind].clear();
  }

  /** Sizes, for whoever wants to know that nothing is left behind. */
  get stats(): { readonly pods: number; readonly objects: number; readonly volumes: number } {
    return { pods: this.#pods.size, objects: this.#users.size, volumes: this.#volumes.size };
  }
}

const isMirror = ({ metadata }: PodView): boolean => metadata.annotations?.[mirrorAnnotation] !== undefined;

const isSame = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((one, index) => one === b[index]);
