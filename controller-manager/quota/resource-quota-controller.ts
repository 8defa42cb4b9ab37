/**
 * Keeps the status of ResourceQuotas: what is limited is what the spec says, and what is used is what is there. API
 * servers charge what comes; this controller gives back what goes, and mends what was charged for nothing.
 */

import { type Amounts, excessAmounts, readAmounts } from '../../api/amounts.ts';
import { equalJson } from '../../api/json-record.ts';
import { type KubernetesObject, keyOf } from '../../api/object.ts';
import { lostChargeMs } from '../../api/quota/charge-times.ts';
import type { QuotaUsage } from '../../api/quota/quota-usage.ts';
import { quotaUsageOf } from '../../api/quota/quota-usages.ts';
import { resourceQuotas } from '../../api/resources/core.ts';
import { isConflict } from '../../api/status-error.ts';
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import type { Controller } from '../../client/controller.ts';
import type { KnownResource } from '../../client/discovery.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import { countedIn, countUsed, isLimiting, planStatus } from './quota-plan.ts';
import { RecentCharges } from './recent-charges.ts';

/** Everything is counted again this often, whatever was heard. */
const resyncMs = 300_000;
/** Objects that come and go together are counted once. */
const togetherMs = 100;
/** What is not known yet will be soon. */
const lookAgainMs = 200;
/** Until the version is seen that was there first. */
const collisionMs = 25;

/** One resource whose objects count. */
interface Monitor {
  readonly resource: KnownResource;
  readonly usage: QuotaUsage;
  readonly informer: Informer<KubernetesObject>;
  isSynced: boolean;
}

export function createResourceQuotaController(context: ControllerContext): Controller {
  const { client, clock, informers, resources } = context;
  const quotas = informers.of(resourceQuotas);
  const charges = new RecentCharges(clock);
  const monitors = new Map<string, Monitor>();
  const controller = context.controller({
    reconciler: new QuotaReconciler({ client, clock, quotas, monitors, charges }),
    workers: 5,
  });
  const countSoon = (key: string) => controller.addAfter(key, togetherMs);
  controller.watch(quotas, (change) => {
    const key = keyOf(change.next ?? change.previous);
    if (change.type === 'deleted') {
      charges.forget(key);
      return [];
    }
    if (change.previous !== undefined && !equalJson(change.previous.spec?.hard, change.next.spec?.hard))
      charges.noteNewLimits(key);
    if (charges.noteQuota(key, change.next)) controller.addAfter(key, lostChargeMs);
    return equalJson(change.next.spec?.hard, change.next.status?.hard) ? [] : [key];
  });
  resources.onChange(({ added, removed }) => {
    for (const resource of added) {
      const monitor = monitors.has(idOf(resource)) ? undefined : monitorOf(context, resource);
      if (monitor === undefined) continue;
      monitors.set(idOf(resource), monitor);
      monitor.informer.onChange((change) => noteObject({ quotas, charges, clock, countSoon }, monitor, change));
      // Never rejects; one that is released before is never in sync.
      void monitor.informer.synced().then(() => {
        monitor.isSynced = true;
        for (const quota of quotas.list()) if (isLimiting(quota, monitor.usage)) controller.add(keyOf(quota));
      });
    }
    for (const resource of removed) {
      if (monitors.get(idOf(resource))?.resource.version !== resource.version) continue;
      monitors.delete(idOf(resource));
      void informers.release(resource);
    }
  });
  return controller;
}

const idOf = ({ group, plural }: KnownResource): string => `${group}/${plural}`;

/** Undefined: its objects do not count. */
function monitorOf({ informers }: ControllerContext, resource: KnownResource): Monitor | undefined {
  const usage = quotaUsageOf(resource);
  const needed = ['create', 'list', 'watch', 'delete'] as const;
  const isCountable =
    resource.preferred && resource.namespaced && needed.every((verb) => resource.verbs.includes(verb));
  if (usage === undefined || !isCountable) return undefined;
  const informer = usage.metadataOnly ? informers.metadataOf(resource) : informers.of(resource);
  return { resource, usage, informer, isSynced: false };
}

interface Noting {
  readonly quotas: Informer<ResourceQuota>;
  readonly charges: RecentCharges;
  readonly clock: Clock;
  countSoon(key: string): void;
}

/** Says to each quota that limits it what an object counts more or less than before. */
function noteObject(
  { quotas, charges, clock, countSoon }: Noting,
  { usage }: Monitor,
  change: ObjectChange<KubernetesObject>,
): void {
  if (change.type === 'updated' && usage.metadataOnly) return;
  const { namespace } = (change.next ?? change.previous).metadata;
  for (const quota of quotas.list(namespace)) {
    if (!isLimiting(quota, usage)) continue;
    const amountsOf = (object: Cached<KubernetesObject> | undefined): Amounts =>
      object === undefined ? new Map() : countedIn(quota, usage, object, clock.now());
    const [before, after] = [amountsOf(change.previous), amountsOf(change.next)];
    const added = excessAmounts(after, before);
    charges.noteObject(keyOf(quota), added);
    if (added.size + excessAmounts(before, after).size > 0) countSoon(keyOf(quota));
  }
}

interface Parts {
  readonly client: Client;
  readonly clock: Clock;
  readonly quotas: Informer<ResourceQuota>;
  readonly monitors: ReadonlyMap<string, Monitor>;
  readonly charges: RecentCharges;
}

class QuotaReconciler implements Reconciler {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async reconcile(key: string): Promise<Result> {
    const { quotas, monitors, charges, clock } = this.#parts;
    const quota = quotas.get(key);
    if (quota === undefined) return {};
    const limited = [...monitors.values()].filter(({ usage }) => isLimiting(quota, usage));
    if (monitors.size === 0 || limited.some(({ isSynced }) => !isSynced)) return { requeueAfterMs: lookAgainMs };
    const { namespace } = quota.metadata;
    const resources = limited.map(({ usage, informer }) => ({ usage, objects: informer.list(namespace) }));
    const counted = countUsed(quota, resources, clock.now());
    const pending = charges.pending(key);
    const status = planStatus(quota, counted, pending);
    const isWritten = status === undefined || (await this.#write(key, quota, status));
    if (!isWritten) return { requeueAfterMs: collisionMs };
    return { requeueAfterMs: pending.size > 0 ? lostChargeMs : resyncMs };
  }

  /**
   * Over the version that was read: what was charged since then is in none of the figures. False: something was, which
   * is no failure to wait longer after, time by time.
   */
  async #write(key: string, quota: Cached<ResourceQuota>, status: ResourceQuotaStatus): Promise<boolean> {
    const { client, charges } = this.#parts;
    charges.noteOwnWrite(key, readAmounts(status.used));
    try {
      const next = changedCopy<ResourceQuota>(quota, { status });
      await ifPresent(client.update<ResourceQuota>(resourceQuotas, next, { subresource: 'status' }));
      return true;
    } catch (error) {
      charges.noteOwnWrite(key, undefined);
      if (isConflict(error)) return false;
      throw error;
    }
  }
}
