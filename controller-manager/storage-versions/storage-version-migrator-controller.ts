/**
 * Runs StorageVersionMigrations: has every object of a resource written again, so that it lies in the version that is
 * stored now, and says how far that is.
 *
 * Invariants:
 * - A key is a resource, so that its migrations run one after another, the oldest first.
 * - `status.resourceVersion` is settled before the first object is written: whoever goes on after a restart passes over
 *   what was written since.
 * - Nothing is listed of migrations before the server serves them.
 */

import { qualifiedName } from '../../api/resource.ts';
import { storageVersionMigrations } from '../../api/resources/storagemigration.ts';
import { isRetryable, isUnauthorized, StatusError } from '../../api/status-error.ts';
import type { StorageVersionMigration } from '../../api/types/storagemigration/v1beta1.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import type { Client } from '../../client/client.ts';
import { type Controller, objectOfChange } from '../../client/controller.ts';
import { discover } from '../../client/discovery.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, Informer } from '../../client/object-cache.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ControllerContext } from '../controller-context.ts';
import {
  isOverdue,
  type MigrationState,
  migratableOf,
  migratedKeyOf,
  nextMigration,
  settlingMs,
  statusWith,
} from './migration-plan.ts';
import { currentVersion, rewriteSince } from './rewrite-pages.ts';

/** A resource that is not served yet is looked for again. */
const lookAgainMs = 1_000;

type Migration = Cached<StorageVersionMigration>;

export function createStorageVersionMigratorController(context: ControllerContext): Controller {
  const { client, informers, resources, clock } = context;
  let migrations: Informer<StorageVersionMigration> | undefined;
  const reconciler = new MigrationReconciler({ client, clock, all: () => migrations?.list() ?? [] });
  const controller = context.controller({ reconciler });
  const { group, version, plural } = storageVersionMigrations;
  resources.onChange(({ added }) => {
    const isServed = added.some((one) => one.group === group && one.version === version && one.plural === plural);
    if (!isServed || migrations !== undefined) return;
    migrations = informers.of(storageVersionMigrations);
    migrations.onChange((change) => controller.add(migratedKeyOf(objectOfChange(change))));
  });
  return controller;
}

interface Parts {
  readonly client: Client;
  readonly clock: Clock;
  all(): Iterable<Migration>;
}

class MigrationReconciler implements Reconciler {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async reconcile(key: string, signal: AbortSignal): Promise<Result> {
    const { client, clock, all } = this.#parts;
    const migration = nextMigration(all(), key);
    if (migration === undefined) return {};
    const waitMs = settlingMs(migration, clock.now());
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    const { resources, stale } = await discover(client);
    const resource = migratableOf(resources, migration);
    if (resource !== undefined) return await this.#migrate(migration, resource, signal);
    const { group = '', resource: plural } = migration.spec?.resource ?? { resource: '' };
    if (stale.some((version) => version.startsWith(`${group}/`)) || !isOverdue(migration, clock.now()))
      return { requeueAfterMs: lookAgainMs };
    const why = `no version of ${qualifiedName(plural, group)} that can be listed and patched is served`;
    await this.#tell(migration, 'Failed', { message: why });
    return {};
  }

  async #migrate(
    migration: Migration,
    resource: Parameters<typeof currentVersion>[1],
    signal: AbortSignal,
  ): Promise<Result> {
    const { client } = this.#parts;
    let running: Migration | undefined;
    try {
      const began = migration.status?.resourceVersion || (await currentVersion(client, resource));
      running = await this.#tell(migration, 'Running', { resourceVersion: began });
      if (running === undefined) return {};
      await rewriteSince(client, { resource, began, signal });
    } catch (error) {
      if (running === undefined || isWorthTrying(error)) throw error;
      await this.#tell(running, 'Failed', { message: `the objects could not be written again: ${errorText(error)}` });
      return {};
    }
    await this.#tell(running, 'Succeeded');
    return {};
  }

  /** What it is afterwards; undefined: it is gone. Throws a Conflict when it has changed. */
  async #tell(
    migration: Migration,
    state: MigrationState,
    news: { readonly message?: string; readonly resourceVersion?: string } = {},
  ): Promise<Migration | undefined> {
    const { client, clock } = this.#parts;
    const status = statusWith(migration.status, state, { now: clock.now(), ...news });
    const next = changedCopy<StorageVersionMigration>(migration, { status });
    return await ifPresent(client.update(storageVersionMigrations, next, { subresource: 'status' }));
  }
}

/** Only what a server says of an object ends a migration, not that one cannot be asked. */
const isWorthTrying = (error: unknown): boolean =>
  !(error instanceof StatusError) || isRetryable(error) || isUnauthorized(error);
