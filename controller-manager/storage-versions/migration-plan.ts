/** What a StorageVersionMigration comes to: whose turn it is, what can be written again, which conditions it has. Pure. */

import type { ServedResource } from '../../api/resource.ts';
import { formatTime, parseTime } from '../../api/time.ts';
import type { Condition } from '../../api/types/meta/v1.ts';
import type {
  StorageVersionMigration,
  StorageVersionMigrationStatus,
} from '../../api/types/storagemigration/v1beta1.ts';
import { compareText } from '../../base/compare.ts';
import type { Cached } from '../../client/object-cache.ts';

type Migration = Cached<StorageVersionMigration>;

/** Upstream's reason of each condition. */
const reasons = {
  Running: 'StorageVersionMigrationInProgress',
  Succeeded: 'StorageVersionMigrationSucceeded',
  Failed: 'StorageVersionMigrationFailed',
} as const;
export type MigrationState = keyof typeof reasons;

/** Until every API server stores objects as a definition says that was changed right before. */
const settleMs = 3_000;
/** A definition may come a little after the migration of its resource. */
const patienceMs = 60_000;

/** What a migration is about, as a key: `widgets.example.com`, `secrets.`. */
export const migratedKeyOf = ({ spec }: Migration): string =>
  `${spec?.resource.resource}.${spec?.resource.group ?? ''}`;

/** Of the migrations of one resource, the one that is to run: the oldest that has not ended. */
export function nextMigration(migrations: Iterable<Migration>, key: string): Migration | undefined {
  const waiting = [...migrations].filter((one) => migratedKeyOf(one) === key && !hasEnded(one));
  return waiting.sort(
    ({ metadata: a }, { metadata: b }) =>
      compareText(a.creationTimestamp, b.creationTimestamp) || compareText(a.name, b.name),
  )[0];
}

const hasEnded = ({ status }: Migration): boolean =>
  (status?.conditions ?? []).some(
    ({ type, status: is }) => (type === 'Succeeded' || type === 'Failed') && is === 'True',
  );

/** How long it has to wait before it begins; 0: no longer. */
export function settlingMs({ metadata, status }: Migration, now: number): number {
  if (status?.resourceVersion) return 0;
  return Math.max(0, Math.min(settleMs, settleMs - ageMs(metadata.creationTimestamp, now)));
}

/** Whether a resource that is not served is waited for no longer. */
export const isOverdue = ({ metadata }: Migration, now: number): boolean =>
  ageMs(metadata.creationTimestamp, now) >= patienceMs;

const ageMs = (creationTimestamp: string, now: number): number => now - (parseTime(creationTimestamp) ?? 0);

/** A version of the resource that can be listed and patched, the one that its group prefers if that can be. */
export function migratableOf<T extends ServedResource>(served: readonly T[], { spec }: Migration): T | undefined {
  const { group = '', resource } = spec?.resource ?? {};
  return served.find(
    (one) =>
      one.plural === resource && one.group === group && one.verbs.includes('list') && one.verbs.includes('patch'),
  );
}

/** Whether an object is as it was when the migration began: what was written since is in the version of today. */
export function isOlderThan(resourceVersion: string, began: string): boolean {
  return BigInt(resourceVersion) <= BigInt(began);
}

/** The status with that condition true; whatever has ended runs no more. */
export function statusWith(
  status: Migration['status'],
  state: MigrationState,
  { now, message = '', resourceVersion }: { now: number; message?: string; resourceVersion?: string },
): StorageVersionMigrationStatus {
  const { conditions = [], resourceVersion: began = resourceVersion } = status ?? {};
  const stopped = conditions.map((one): Condition => {
    const ends = state !== 'Running' && one.type === 'Running' && one.status === 'True';
    return ends ? { ...one, status: 'False', lastTransitionTime: formatTime(now) } : { ...one };
  });
  const known = stopped.find(({ type }) => type === state);
  const lastTransitionTime = known?.status === 'True' ? known.lastTransitionTime : formatTime(now);
  const condition: Condition = { type: state, status: 'True', reason: reasons[state], message, lastTransitionTime };
  return {
    conditions: [...stopped.filter(({ type }) => type !== state), condition],
    ...(began !== undefined && { resourceVersion: began }),
  };
}
