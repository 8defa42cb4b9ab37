/**
 * Device claims: makes those that pods' templates ask for, and writes down which they are; notes pods that came to their
 * node past the scheduler; takes back the devices of claims whose pods are done, and deletes the claims that were made
 * for these.
 */

import { deleteProtection } from '../../api/devices/claims.ts';
import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { keyOf } from '../../api/object.ts';
import { pods } from '../../api/resources/core.ts';
import { resourceClaims, resourceClaimTemplates } from '../../api/resources/resource.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type {
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimTemplate,
} from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Controller } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';
import { TerminalError } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import {
  changedStatuses,
  claimFromTemplate,
  claimKeysOf,
  isPodConsumer,
  isPodDone,
  ownerKeyOf,
  ownerOf,
  planClaim,
  planPodClaim,
  stateOfConsumer,
  statusWithConsumer,
} from './claim-plan.ts';

const podPrefix = 'pod ';
const claimPrefix = 'claim ';
const fieldManager = 'ResourceClaimController';

const podIndexes = {
  indexers: {
    deviceClaim: claimKeysOf,
    deviceTemplate: ({ metadata, spec }: Cached<Pod>): string[] =>
      (spec?.resourceClaims ?? []).flatMap(({ resourceClaimTemplateName: name }) =>
        name ? `${metadata.namespace}/${name}` : [],
      ),
  },
};
const claimIndexes = {
  indexers: { owner: (claim: Cached<ResourceClaim>): string[] => [ownerOf(claim)?.uid ?? []].flat() },
};

export function createResourceClaimController(context: ControllerContext): Controller {
  const { client, informers, events, controller } = context;
  const podInformer = informers.of<Pod>(pods, podIndexes);
  const claims = informers.of<ResourceClaim>(resourceClaims, claimIndexes);
  const templates = informers.of<ResourceClaimTemplate>(resourceClaimTemplates);
  const recorder = events.from('resource_claim');
  /** By key of the pod, then by entry: claims that were made and may not show in the caches yet. */
  const recent = new Map<string, Map<string, string>>();

  async function reconcile(key: string) {
    if (key.startsWith(podPrefix)) await reconcilePod(key.slice(podPrefix.length));
    else await reconcileClaim(key.slice(claimPrefix.length));
    return {};
  }

  async function reconcilePod(key: string): Promise<void> {
    const pod = podInformer.get(key);
    if (pod === undefined || isPodDone(pod) || pod.metadata.deletionTimestamp !== undefined) {
      recent.delete(key);
      return;
    }
    const made = new Map<string, string>();
    for (const entry of pod.spec?.resourceClaims ?? []) {
      const plan = planPodClaim(pod, entry, claims.byIndex('owner', pod.metadata.uid), (one) => claims.get(one));
      if (plan.type === 'made') made.set(entry.name, plan.name);
      else if (plan.type === 'missing') {
        const name = (await recentlyMade(pod, entry.name)) ?? (await make(pod, entry.name, plan.templateName));
        if (name === undefined) return;
        made.set(entry.name, name);
      }
    }
    await writeDown(pod, made);
    await reserveFor(pod, made);
  }

  /** Only what the pod may use: a claim that was made for it, or one that it names itself. */
  async function reserveFor(pod: Cached<Pod>, made: ReadonlyMap<string, string>): Promise<void> {
    for (const { name, resourceClaimName = made.get(name) } of pod.spec?.resourceClaims ?? []) {
      const claim = claims.get(`${pod.metadata.namespace}/${resourceClaimName}`);
      const status = claim && statusWithConsumer(pod, claim);
      if (claim !== undefined && status !== undefined) await writeStatus(claim, status);
    }
  }

  async function recentlyMade(pod: Cached<Pod>, entryName: string): Promise<string | undefined> {
    const { namespace = '', uid } = pod.metadata;
    const name = recent.get(keyOf(pod))?.get(entryName);
    if (name === undefined) return undefined;
    const claim = await ifPresent(client.get(resourceClaims, { namespace, name }));
    return claim !== undefined && ownerOf(claim)?.uid === uid ? name : undefined;
  }

  /** Undefined: there will be none. */
  async function make(pod: Cached<Pod>, entryName: string, templateName: string): Promise<string | undefined> {
    const template = templates.get(`${pod.metadata.namespace}/${templateName}`);
    // It is watched: once it comes, the pod is looked at again.
    if (template === undefined) {
      const message = `resource claim template "${templateName}": resourceclaimtemplate.resource.k8s.io "${templateName}" not found`;
      tell(pod, entryName, message);
      throw new TerminalError(message);
    }
    try {
      const { metadata } = await client.create(resourceClaims, claimFromTemplate(pod, entryName, template));
      const known = recent.get(keyOf(pod)) ?? new Map<string, string>();
      recent.set(keyOf(pod), known.set(entryName, metadata.name));
      return metadata.name;
    } catch (error) {
      if (isTerminatingNamespaceError(error)) return undefined;
      tell(pod, entryName, `create ResourceClaim : ${errorText(error)}`);
      throw error;
    }
  }

  function tell(pod: Cached<Pod>, entryName: string, why: string): void {
    const message = `PodResourceClaim ${entryName}: ${why}`;
    recorder.record(pod, { type: 'Warning', reason: 'FailedResourceClaimCreation', message });
  }

  async function writeDown(pod: Cached<Pod>, made: ReadonlyMap<string, string>): Promise<void> {
    const resourceClaimStatuses = changedStatuses(pod, made);
    if (resourceClaimStatuses === undefined) return;
    const { namespace = '', name, uid } = pod.metadata;
    const body = {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { namespace, name, uid },
      status: { resourceClaimStatuses },
    };
    const patch = { type: 'apply', body, force: true } as const;
    await ifPresent(client.patch(pods, { namespace, name }, patch, { subresource: 'status', fieldManager }));
  }

  async function reconcileClaim(key: string): Promise<void> {
    const claim = claims.get(key);
    if (claim === undefined) return;
    const consumers = claim.status?.reservedFor ?? [];
    const strange = consumers.find((one) => !isPodConsumer(one));
    if (strange !== undefined) throw new TerminalError(`unsupported ReservedFor entry: ${JSON.stringify(strange)}`);
    const valid: DeepReadonly<ResourceClaimConsumerReference>[] = [];
    for (const one of consumers) if (await isThere(claim, one)) valid.push(one);
    const ownerKey = ownerKeyOf(claim);
    const plan = planClaim(claim, valid, ownerKey === undefined ? undefined : podInformer.get(ownerKey));
    const latest = plan.status ? await writeStatus(claim, plan.status) : claim;
    if (plan.dropFinalizer) await dropFinalizer(latest);
    if (plan.remove) await remove(claim);
  }

  async function isThere(
    { metadata: { namespace = '' } }: Cached<ResourceClaim>,
    consumer: DeepReadonly<ResourceClaimConsumerReference>,
  ): Promise<boolean> {
    const { name, uid } = consumer;
    const state = stateOfConsumer(consumer, podInformer.get(`${namespace}/${name}`));
    if (state !== 'ask') return state === 'keep';
    const pod = await ifPresent(client.get(pods, { namespace, name }));
    return pod?.metadata.uid === uid;
  }

  const writeStatus = (
    claim: Cached<ResourceClaim>,
    status: DeepReadonly<NonNullable<ResourceClaim['status']>>,
  ): Promise<Cached<ResourceClaim>> =>
    client.update(resourceClaims, changedCopy<ResourceClaim>(claim, { status }), { subresource: 'status' });

  async function dropFinalizer(claim: Cached<ResourceClaim>): Promise<void> {
    const finalizers = (claim.metadata.finalizers ?? []).filter((one) => one !== deleteProtection);
    const metadata = { ...claim.metadata, finalizers };
    await ifPresent(client.update(resourceClaims, changedCopy<ResourceClaim>(claim, { metadata })));
  }

  async function remove({ metadata: { namespace = '', name, uid } }: Cached<ResourceClaim>): Promise<void> {
    try {
      await client.delete(resourceClaims, { namespace, name }, { uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** The pod itself, and the claims that may be free now. */
  function* keysOfPod({ previous, next }: ObjectChange<Pod>): Generator<string> {
    const pod = next ?? previous;
    if ((pod.spec?.resourceClaims ?? []).length === 0) return;
    if (next !== undefined) yield podPrefix + keyOf(next);
    const isOver =
      next === undefined || isPodDone(next) || (previous !== undefined && previous.metadata.uid !== next.metadata.uid);
    if (!isOver) return;
    for (const key of new Set([...claimKeysOf(pod), ...(previous ? claimKeysOf(previous) : [])]))
      yield claimPrefix + key;
  }

  function* keysOfClaim({ previous, next }: ObjectChange<ResourceClaim>): Generator<string> {
    const claim = next ?? previous;
    yield claimPrefix + keyOf(claim);
    for (const pod of next === undefined ? [] : podInformer.byIndex('deviceClaim', keyOf(next)))
      if (next !== undefined && statusWithConsumer(pod, next) !== undefined) yield podPrefix + keyOf(pod);
    const owner = ownerKeyOf(claim);
    // Deleted by hand, it is made again.
    if (next === undefined && owner !== undefined) yield podPrefix + owner;
  }

  function* keysOfTemplate({ previous, next }: ObjectChange<ResourceClaimTemplate>): Generator<string> {
    if (next === undefined || previous !== undefined) return;
    for (const pod of podInformer.byIndex('deviceTemplate', keyOf(next))) yield podPrefix + keyOf(pod);
  }

  return controller({ reconciler: { reconcile }, workers: 2 })
    .watch(podInformer, keysOfPod)
    .watch(claims, keysOfClaim)
    .watch(templates, keysOfTemplate);
}
