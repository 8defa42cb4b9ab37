import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServedResource, Verb } from '../../api/resource.ts';
import { storageVersionMigrations } from '../../api/resources/storagemigration.ts';
import type { Condition } from '../../api/types/meta/v1.ts';
import type { StorageVersionMigration } from '../../api/types/storagemigration/v1beta1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import {
  isOlderThan,
  isOverdue,
  migratableOf,
  migratedKeyOf,
  nextMigration,
  settlingMs,
  statusWith,
} from './migration-plan.ts';

const madeAt = Date.parse('2030-01-01T00:00:00Z');

const conditionOf = (type: string, status: string): Condition => ({
  ...{ type, status, reason: 'R', message: '', lastTransitionTime: '2030-01-01T00:00:00Z' },
});

interface Particulars {
  readonly made?: string;
  readonly resource?: string;
  readonly group?: string;
  readonly status?: StorageVersionMigration['status'];
}

function migration(name: string, particulars: Particulars = {}) {
  const { made = '2030-01-01T00:00:00Z', resource = 'widgets', group = 'example.com', status } = particulars;
  return storedObject<StorageVersionMigration>(storageVersionMigrations, {
    metadata: { name, creationTimestamp: made },
    spec: { resource: { group, resource } },
    ...(status && { status }),
  });
}

describe('the migration that runs', () => {
  const succeeded = { conditions: [conditionOf('Running', 'False'), conditionOf('Succeeded', 'True')] };
  const failed = { conditions: [conditionOf('Failed', 'True')] };
  const running = { conditions: [conditionOf('Running', 'True')], resourceVersion: '7' };
  const later = '2030-01-01T00:00:05Z';
  const cases: [what: string, all: ReturnType<typeof migration>[], runs: string | undefined][] = [
    ['is none where there are none', [], undefined],
    ['is the oldest', [migration('a', { made: later }), migration('b')], 'b'],
    ['is the first by name of two of one second', [migration('b'), migration('a')], 'a'],
    ['is not one of another resource', [migration('a', { resource: 'gadgets' })], undefined],
    ['is not one of another group', [migration('a', { group: 'example.org' })], undefined],
    [
      'is not one that has ended',
      [migration('a', { status: succeeded }), migration('b', { status: failed })],
      undefined,
    ],
    ['is one that runs already', [migration('a', { status: running }), migration('b', { made: later })], 'a'],
  ];
  for (const [what, all, runs] of cases)
    it(what, () => assert.equal(nextMigration(all, 'widgets.example.com')?.metadata.name, runs));

  it('has the key of its resource, also in the core group', () => {
    assert.equal(migratedKeyOf(migration('a', { resource: 'secrets', group: '' })), 'secrets.');
  });
});

describe('times of a migration', () => {
  const began = { resourceVersion: '7' };
  const waits: [what: string, afterMs: number, status: Particulars['status'], waitMs: number][] = [
    ['waits at first', 0, undefined, 3_000],
    ['waits for what is left', 1_000, undefined, 2_000],
    ['waits no longer then', 3_000, undefined, 0],
    ['waits no longer than that where clocks differ', -60_000, undefined, 3_000],
    ['goes on at once', 0, began, 0],
  ];
  for (const [what, afterMs, status, waitMs] of waits)
    it(what, () => assert.equal(settlingMs(migration('a', status && { status }), madeAt + afterMs), waitMs));

  it('gives its resource a minute to come', () => {
    assert.deepEqual(
      [59_999, 60_000].map((ms) => isOverdue(migration('a'), madeAt + ms)),
      [false, true],
    );
  });
});

describe('the version in which objects are read', () => {
  const every: readonly Verb[] = ['get', 'list', 'patch'];
  const served = (version: string, verbs = every, group = 'example.com'): ServedResource => ({
    ...{ group, version, kind: 'Widget', plural: 'widgets', namespaced: true, singular: 'widget' },
    ...{ shortNames: [], categories: [], subresources: [], verbs },
  });
  const cases: [what: string, all: ServedResource[], version: string | undefined][] = [
    ['is the first', [served('v2'), served('v1')], 'v2'],
    ['can be patched', [served('v2', ['get', 'list']), served('v1')], 'v1'],
    ['can be listed', [served('v2', ['get', 'patch'])], undefined],
    ['is of the group', [served('v2', every, 'example.org')], undefined],
  ];
  for (const [what, all, version] of cases)
    it(what, () => assert.equal(migratableOf(all, migration('a'))?.version, version));
});

describe('objects of a migration', () => {
  const cases: [version: string, began: string, isOlder: boolean][] = [
    ['9', '10', true],
    ['10', '10', true],
    ['11', '10', false],
    ['9007199254740993', '9007199254740992', false],
  ];
  for (const [version, began, isOlder] of cases)
    it(`${version} ${isOlder ? 'is' : 'is not'} written when it began at ${began}`, () =>
      assert.equal(isOlderThan(version, began), isOlder));
});

describe('the status of a migration', () => {
  const now = madeAt + 9_000;
  const summary = (status: StorageVersionMigration['status']) =>
    (status?.conditions ?? []).map(
      ({ type, status: is, reason, lastTransitionTime }) =>
        `${type}=${is} ${reason} ${lastTransitionTime.slice(17, 19)}`,
    );
  const running = statusWith(undefined, 'Running', { now: madeAt, resourceVersion: '7' });

  it('says that it runs, and since which version', () => {
    assert.deepEqual(summary(running), ['Running=True StorageVersionMigrationInProgress 00']);
    assert.equal(running.resourceVersion, '7');
  });

  it('stays as it is when it goes on', () => {
    assert.deepEqual(statusWith(running, 'Running', { now, resourceVersion: '9' }), running);
  });

  it('says that it has succeeded', () => {
    const status = statusWith(running, 'Succeeded', { now });
    assert.deepEqual(summary(status), [
      'Running=False StorageVersionMigrationInProgress 09',
      'Succeeded=True StorageVersionMigrationSucceeded 09',
    ]);
    assert.equal(status.resourceVersion, '7');
  });

  it('says why it has failed, also before it ran', () => {
    const status = statusWith(undefined, 'Failed', { now, message: 'why' });
    assert.deepEqual(summary(status), ['Failed=True StorageVersionMigrationFailed 09']);
    assert.equal(status.conditions?.[0]?.message, 'why');
    assert.equal(status.resourceVersion, undefined);
  });
});
