/**
 * Empties namespaces that are being deleted, says in conditions what is left, and lets them go.
 *
 *   pods first ──none left──► everything else, kind by kind ──nothing left──► finalize
 *
 * Pods come first so that none goes on running without its Secrets, ConfigMaps and accounts.
 */

import { isDeepStrictEqual } from 'node:util';
import { namespaceFinalizer as finalizer } from '../../api/finalizers.ts';
import type { Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { namespaces, pods } from '../../api/resources/core.ts';
import type { Namespace } from '../../api/types/core/v1.ts';
import { errorText } from '../../base/error-text.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { discover, type KnownResource } from '../../client/discovery.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { podIndexes } from '../pods/pod-indexes.ts';
import {
  computeNamespaceConditions,
  isContent,
  isEmptied,
  type Leftover,
  type RemainingContent,
} from './namespace-plan.ts';

/** Nothing tells that the last finalizer of some object is gone: look again. */
const lookAgainMs = 5_000;
const kindsAtOnce = 6;

export function createNamespaceDeletionController(context: ControllerContext): Controller {
  const { client, clock } = context;
  const informers = { namespaces: context.informers.of(namespaces), pods: context.informers.of(pods, podIndexes) };

  async function reconcile(name: string): Promise<Result> {
    const namespace = informers.namespaces.get(name);
    if (namespace?.metadata.deletionTimestamp === undefined || !namespace.spec?.finalizers?.includes(finalizer))
      return {};
    const content = await deleteContent(client, name);
    const conditions = computeNamespaceConditions(namespace.status?.conditions ?? [], {
      ...content,
      failures: content.failures.map(errorText),
      now: clock.now(),
    });
    // Also what is empty says so: finalizers of its own may keep the namespace for long.
    const current = await writeConditions(client, namespace, conditions);
    if (isEmptied(content)) {
      if (current !== undefined) await finalize(client, current);
      return {};
    }
    if (content.failures.length > 0) throw content.failures[0];
    return { requeueAfterMs: lookAgainMs };
  }

  return context
    .controller({ reconciler: { reconcile }, workers: 4 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.pods, ({ type, previous }) => (type === 'deleted' ? [previous.metadata.namespace ?? ''] : []));
}

async function deleteContent(client: Client, namespace: string): Promise<RemainingContent> {
  const remainingPods = await deleteAll(client, pods, namespace);
  if (remainingPods.length > 0) return { leftovers: [], podsRemain: true, failures: [], stale: [] };
  const leftovers: Leftover[] = [];
  const failures: unknown[] = [];
  const { resources, stale } = await discover(client);
  const waiting = resources.filter(isContent);
  const work = async () => {
    for (let kind = waiting.shift(); kind !== undefined; kind = waiting.shift()) {
      try {
        const remaining = await deleteAll(client, kind, namespace);
        if (remaining.length > 0) leftovers.push({ kind, objects: remaining });
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: kindsAtOnce }, work));
  return { leftovers, podsRemain: false, failures, stale };
}

/** Asks for the deletion of all objects of a kind, and returns those that are still there. */
async function deleteAll(
  client: Client,
  kind: Resource & Partial<Pick<KnownResource, 'verbs'>>,
  namespace: string,
): Promise<Stored[]> {
  const { items } = await client.list(kind, { namespace });
  if (items.length === 0) return [];
  const propagationPolicy = 'Background';
  if (kind.verbs?.includes('deletecollection') ?? true)
    await client.deleteCollection(kind, { namespace, propagationPolicy });
  else await Promise.all(items.map(({ metadata }) => deleteOne(client, kind, namespace, metadata.name)));
  return (await client.list(kind, { namespace })).items;
}

async function deleteOne(client: Client, kind: Resource, namespace: string, name: string): Promise<void> {
  await ifPresent(client.delete(kind, { namespace, name }, { propagationPolicy: 'Background' }));
}

async function finalize(client: Client, namespace: Cached<Namespace>): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((other) => other !== finalizer);
  const next = changedCopy<Namespace>(namespace, { spec: { ...namespace.spec, finalizers } });
  await ifPresent(client.update<Namespace>(namespaces, next, { subresource: 'finalize' }));
}

/** The namespace as it is then; undefined when it is gone. */
async function writeConditions(
  client: Client,
  namespace: Cached<Namespace>,
  conditions: NonNullable<NonNullable<Namespace['status']>['conditions']>,
): Promise<Cached<Namespace> | undefined> {
  if (isDeepStrictEqual(conditions, namespace.status?.conditions)) return namespace;
  const next = changedCopy<Namespace>(namespace, { status: { ...namespace.status, conditions } });
  return await ifPresent(client.update<Namespace>(namespaces, next, { subresource: 'status' }));
}
