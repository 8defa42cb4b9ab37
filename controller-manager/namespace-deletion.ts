/**
 * Empties namespaces that are being deleted, says in conditions what is left, and lets them go.
 *
 *   pods first ──none left──► everything else, kind by kind ──nothing left──► finalize
 *
 * Pods come first so that none goes on running without its Secrets, ConfigMaps and accounts.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import { namespaces, pods } from '../api/resources/core.ts';
import { isNotFound } from '../api/status-error.ts';
import type { Namespace } from '../api/types/core/v1.ts';
import { changedCopy } from '../client/changed-copy.ts';
import type { Client } from '../client/client.ts';
import { type Controller, keyOfChange } from '../client/controller.ts';
import type { Cached } from '../client/object-cache.ts';
import type { Result } from '../client/reconciler.ts';
import { kinds } from '../kinds/kind-table.ts';
import type { LoopContext } from './loop.ts';
import { computeNamespaceConditions, type Leftover } from './namespace-conditions.ts';

const finalizer = 'kubernetes';
/** Nothing tells that the last finalizer of some object is gone: look again. */
const lookAgainMs = 5_000;
const kindsAtOnce = 6;

export function createNamespaceDeletionLoop(context: LoopContext): Controller {
  const { client, informers, clock } = context;

  async function reconcile(name: string): Promise<Result> {
    const namespace = informers.namespaces.get(name);
    if (namespace?.metadata.deletionTimestamp === undefined || !namespace.spec?.finalizers?.includes(finalizer))
      return {};
    const { leftovers, podsRemain, failures } = await deleteContent(client, name);
    const conditions = computeNamespaceConditions(namespace.status?.conditions ?? [], {
      leftovers,
      failures: failures.map((error) => (error instanceof Error ? error.message : String(error))),
      now: clock.now(),
    });
    if (!podsRemain && leftovers.length === 0 && failures.length === 0) {
      await finalize(client, namespace);
      return {};
    }
    await writeConditions(client, namespace, conditions);
    if (failures.length > 0) throw failures[0];
    return { requeueAfterMs: lookAgainMs };
  }

  return context
    .controller({ name: 'namespace', reconciler: { reconcile }, workers: 4 })
    .watch(informers.namespaces, keyOfChange)
    .watch(informers.pods, ({ type, previous }) => (type === 'deleted' ? [previous.metadata.namespace ?? ''] : []));
}

interface Deleted {
  readonly leftovers: readonly Leftover[];
  readonly podsRemain: boolean;
  readonly failures: readonly unknown[];
}

async function deleteContent(client: Client, namespace: string): Promise<Deleted> {
  const remainingPods = await deleteAll(client, pods, namespace);
  if (remainingPods.length > 0) return { leftovers: [], podsRemain: true, failures: [] };
  const leftovers: Leftover[] = [];
  const failures: unknown[] = [];
  const waiting = contentKinds();
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
  return { leftovers, podsRemain: false, failures };
}

/** Every namespaced kind that is kept in the store under its own name. */
function contentKinds(): Resource[] {
  return kinds.filter(
    ({ namespaced, verbs, storedAs }) =>
      namespaced && storedAs === undefined && verbs.includes('list') && verbs.includes('delete'),
  );
}

/** Asks for the deletion of all objects of a kind, and returns those that are still there. */
async function deleteAll(client: Client, kind: Resource, namespace: string): Promise<Stored[]> {
  const { items } = await client.list(kind, { namespace });
  if (items.length === 0) return [];
  const propagationPolicy = 'Background';
  if (kind.verbs.includes('deletecollection')) await client.deleteCollection(kind, { namespace, propagationPolicy });
  else await Promise.all(items.map(({ metadata }) => deleteOne(client, kind, namespace, metadata.name)));
  return (await client.list(kind, { namespace })).items;
}

async function deleteOne(client: Client, kind: Resource, namespace: string, name: string): Promise<void> {
  try {
    await client.delete(kind, { namespace, name }, { propagationPolicy: 'Background' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function finalize(client: Client, namespace: Cached<Namespace>): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((other) => other !== finalizer);
  const next = changedCopy<Namespace>(namespace, { spec: { ...namespace.spec, finalizers } });
  try {
    await client.update<Namespace>(namespaces, next, { subresource: 'finalize' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function writeConditions(
  client: Client,
  namespace: Cached<Namespace>,
  conditions: NonNullable<NonNullable<Namespace['status']>['conditions']>,
): Promise<void> {
  if (isDeepStrictEqual(conditions, namespace.status?.conditions)) return;
  const next = changedCopy<Namespace>(namespace, { status: { ...namespace.status, conditions } });
  try {
    await client.update<Namespace>(namespaces, next, { subresource: 'status' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
