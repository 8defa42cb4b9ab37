/**
 * A pod runs where its volumes can be reached, and its claims without one get theirs there: they are kept for the pod
 * from the decision on, written before the binding, and waited for.
 *
 *   filter ─► reserve: volumes and claims are spoken for ─► pre-bind: written ─► the binder, or a provisioner, is done
 *                └───────────── unreserve: free again ◄───────── any of them fails, or takes too long
 */

import type { Fields } from '../../api/configuration-fields.ts';
import { keyOf } from '../../api/object.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../api/resources/core.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core/v1.ts';
import { boundByController, marked, selectedNode } from '../../api/volumes/annotations.ts';
import { isSetAsideFor } from '../../api/volumes/volume-matching.ts';
import { isReachedFrom } from '../../api/volumes/volume-topology.ts';
import type { Clock } from '../../base/clock.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Writer } from '../../client/client.ts';
import type { FilterPlugin, NodeFilter, PreBindPlugin, Refusal, ReservePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { VolumeListers } from '../volume-listers.ts';
import { type AssumedVolumes, withSelectedNode } from './assumed-volumes.ts';
import {
  type PodVolumes,
  planPodVolumes,
  type SortedClaims,
  sortClaims,
  type VolumeView,
  type VolumeWorld,
} from './volume-binding-plan.ts';
import { type Claim, claimsOf, isFullyBound } from './volume-claims.ts';

const name = 'VolumeBinding';
const refused = (reasons: readonly string[]): Refusal => ({ plugin: name, reasons, resolvable: false });

export interface VolumeBindingOptions {
  readonly listers: VolumeListers;
  readonly client: Pick<Writer, 'update'>;
  readonly clock: Clock;
  readonly assumed: AssumedVolumes;
  readonly bindTimeoutMs: number;
}

const defaultBindTimeoutSeconds = 600;

/** How long a binding may take, in milliseconds. */
export function readVolumeBindingArgs(args: Fields): number {
  args.allow('apiVersion', 'kind', 'bindTimeoutSeconds');
  const detail = 'invalid BindTimeoutSeconds, should not be a negative value';
  const seconds = args.integer('bindTimeoutSeconds', { from: 0, to: 2 ** 31 - 1, detail });
  return (seconds ?? defaultBindTimeoutSeconds) * 1000;
}

export class VolumeBinding implements FilterPlugin, ReservePlugin, PreBindPlugin {
  readonly name = name;
  readonly scope = 'cluster';
  readonly eventsToRegister = ['node added', 'node labels', 'claims', 'volumes', 'storage classes', 'drivers'] as const;
  readonly #options: VolumeBindingOptions;
  readonly #world: VolumeWorld;

  constructor(options: VolumeBindingOptions) {
    this.#options = options;
    const { assumed, listers } = options;
    const { volumes, classes, csiDrivers, csiCapacities } = listers;
    this.#world = {
      ...{ classes, csiDrivers, csiCapacities },
      volume: (key) => {
        const cached = volumes.get(key);
        return cached && assumed.latestVolume(cached);
      },
      volumesOfClass: (className) => volumes.byIndex('class', className).map((volume) => assumed.latestVolume(volume)),
    };
  }

  prepareFilter(pod: PodInfo): NodeFilter | Refusal | undefined {
    if (pod.claims.length === 0) return undefined;
    const claims = this.#claimsOf(pod);
    if (typeof claims === 'string') return refused([claims]);
    if (claims.immediate.length > 0) return refused(['pod has unbound immediate PersistentVolumeClaims']);
    return {
      refuse: (node) => {
        const plan = planPodVolumes(claims, node, this.#world);
        return Array.isArray(plan) ? refused(plan) : undefined;
      },
    };
  }

  reserve(pod: PodInfo, node: NodeInfo): Refusal | undefined {
    if (pod.claims.length === 0) return undefined;
    const claims = this.#claimsOf(pod);
    if (typeof claims === 'string') return refused([claims]);
    const plan = planPodVolumes(claims, node, this.#world);
    if (Array.isArray(plan)) return refused(plan);
    this.#options.assumed.reserve(pod, node, plan);
    return undefined;
  }

  unreserve(pod: PodInfo): void {
    this.#options.assumed.release(pod);
  }

  async preBind(pod: PodInfo, node: NodeInfo, signal: AbortSignal): Promise<void> {
    const plan = this.#options.assumed.planOf(pod);
    if (plan === undefined) return;
    for (const { claim, volume } of plan.matches) await this.#writeVolume(claim, volume);
    for (const claim of plan.provisions) await this.#writeClaim(claim, node.name);
    await this.#untilBound(plan, node, signal);
    this.#options.assumed.settle(pod);
  }

  async #writeVolume(claim: Claim, volume: VolumeView): Promise<void> {
    const { namespace, name: claimName, uid, resourceVersion } = claim.metadata;
    const ref = volume.spec?.claimRef;
    if (ref?.uid === uid) return;
    const claimRef = {
      ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...ref },
      ...(namespace !== undefined && { namespace }),
      ...{ name: claimName, uid, resourceVersion },
    };
    // Set aside by a user, it stays theirs.
    const own = isSetAsideFor(volume, claim) ? {} : { [boundByController]: marked };
    const metadata = { ...volume.metadata, annotations: { ...volume.metadata.annotations, ...own } };
    const spec = { ...volume.spec, claimRef };
    await this.#options.client.update(persistentVolumes, changedCopy<PersistentVolume>(volume, { metadata, spec }));
  }

  async #writeClaim(claim: Claim, nodeName: string): Promise<void> {
    if (claim.metadata.annotations?.[selectedNode] === nodeName) return;
    const { metadata } = withSelectedNode(claim, nodeName);
    await this.#options.client.update(persistentVolumeClaims, changedCopy<PersistentVolumeClaim>(claim, { metadata }));
  }

  async #untilBound(plan: PodVolumes, node: NodeInfo, signal: AbortSignal): Promise<void> {
    const { assumed, clock, bindTimeoutMs } = this.#options;
    const over = new AbortController();
    const ended = AbortSignal.any([signal, over.signal]);
    let timedOut = false;
    const timer = clock.sleep(bindTimeoutMs, ended).then(() => {
      timedOut = !ended.aborted;
      assumed.changed();
    });
    const stop = () => assumed.changed();
    signal.addEventListener('abort', stop);
    try {
      while (!this.#isBound(plan, node)) {
        if (signal.aborted) throw new Error('binding volumes: the scheduler stops');
        if (timedOut) throw new Error('binding volumes: timed out waiting for the condition');
        await assumed.nextChange();
      }
    } finally {
      signal.removeEventListener('abort', stop);
      over.abort();
      await timer;
    }
  }

  /** Throws when somebody else took what was meant for the pod. */
  #isBound({ matches, provisions }: PodVolumes, node: NodeInfo): boolean {
    const { volumes } = this.#options.listers;
    for (const { claim, volume } of matches) {
      const now = volumes.get(volume.metadata.name);
      const isSeen = now?.metadata.resourceVersion !== volume.metadata.resourceVersion;
      if (isSeen && (now === undefined || now.spec?.claimRef?.uid !== claim.metadata.uid))
        throw new Error(`binding volumes: ClaimRef got reset for pv "${volume.metadata.name}"`);
      if (!isFullyBound(this.#current(claim))) return false;
    }
    for (const claim of provisions) {
      const now = this.#current(claim);
      if (isFullyBound(now)) this.#checkReach(now, node);
      else if (now.metadata.resourceVersion === claim.metadata.resourceVersion) return false;
      else if (now.metadata.annotations?.[selectedNode] === node.name) return false;
      else throw new Error(`binding volumes: provisioning failed for PVC "${claim.metadata.name}"`);
    }
    return true;
  }

  #current(claim: Claim): Claim {
    const now = this.#options.listers.claims.get(keyOf(claim));
    if (now?.metadata.uid === claim.metadata.uid) return now;
    throw new Error(`binding volumes: persistentvolumeclaim "${claim.metadata.name}" not found`);
  }

  #checkReach({ spec }: Claim, node: NodeInfo): void {
    const volume = this.#options.listers.volumes.get(spec?.volumeName ?? '');
    if (volume !== undefined && !isReachedFrom(volume, node))
      throw new Error(`binding volumes: pv "${volume.metadata.name}" node affinity doesn't match node "${node.name}"`);
  }

  #claimsOf(pod: PodInfo): SortedClaims | string {
    const { claims, classes } = this.#options.listers;
    const found = claimsOf(pod, claims);
    return typeof found === 'string'
      ? found
      : sortClaims(
          found.map((claim) => this.#options.assumed.latestClaim(claim)),
          classes,
        );
  }
}
