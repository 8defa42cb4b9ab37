/** What the conformance suite asks of watches. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start();
});
after(() => world.stop());

const selectedBy = (path: string, value: string): string => `${path}?labelSelector=watch-this-configmap%3D${value}`;
const labelled = (name: string, value: string): Json => ({
  metadata: { name, labels: { 'watch-this-configmap': value } },
});
const versionOf = (object: Json): string => String(at(object, 'metadata.resourceVersion'));
const mutate = (path: string, mutation: string): Promise<Json> => world.patch(path, { data: { mutation } });
const hasMutation = (mutation: string) => (object: Json) => at(object, 'data.mutation') === mutation;

async function collection(): Promise<string> {
  return `/api/v1/namespaces/${await world.namespace()}/configmaps`;
}

it('[sig-api-machinery] Watchers should observe add, update, and delete watch notifications on configmaps [Conformance]', async () => {
  const path = await collection();
  const onA = await world.watch(selectedBy(path, 'A'));
  const onB = await world.watch(selectedBy(path, 'B'));
  const onBoth = await world.watch(`${path}?labelSelector=watch-this-configmap%20in%20(A,B)`);
  await world.post(path, labelled('a', 'A'));
  await mutate(`${path}/a`, '1');
  await mutate(`${path}/a`, '2');
  await world.delete(`${path}/a`);
  await world.post(path, labelled('b', 'B'));
  await world.delete(`${path}/b`);
  await onBoth.seen('DELETED', (object) => nameOf(object) === 'b');
  await onA.seen('DELETED');
  await onB.seen('DELETED');
  const types = (watch: typeof onA) => watch.events.map(({ type }) => type);
  assert.deepEqual(types(onA), ['ADDED', 'MODIFIED', 'MODIFIED', 'DELETED']);
  assert.deepEqual(types(onB), ['ADDED', 'DELETED']);
  assert.deepEqual(types(onBoth), [...types(onA), ...types(onB)]);
});

it('[sig-api-machinery] Watchers should be able to start watching from a specific resource version [Conformance]', async () => {
  const path = await collection();
  await world.post(path, labelled('a', 'version'));
  const first = await mutate(`${path}/a`, '1');
  await mutate(`${path}/a`, '2');
  await world.delete(`${path}/a`);
  const watch = await world.watch(selectedBy(path, 'version'), versionOf(first));
  await watch.seen('DELETED');
  assert.deepEqual(
    watch.events.map(({ type, object }) => [type, at(object, 'data.mutation')]),
    [
      ['MODIFIED', '2'],
      ['DELETED', '2'],
    ],
  );
});

it('[sig-api-machinery] Watchers should be able to restart watching from the last resource version observed by the previous watch [Conformance]', async () => {
  const path = await collection();
  const before = await world.watch(selectedBy(path, 'restart'));
  await world.post(path, labelled('a', 'restart'));
  await mutate(`${path}/a`, '1');
  const { object } = await before.seen('MODIFIED', hasMutation('1'));
  before.close();
  await mutate(`${path}/a`, '2');
  const again = await world.watch(selectedBy(path, 'restart'), versionOf(object));
  await world.delete(`${path}/a`);
  await again.seen('DELETED');
  assert.deepEqual(
    again.events.map(({ type }) => type),
    ['MODIFIED', 'DELETED'],
  );
});

it('[sig-api-machinery] Watchers should observe an object deletion if it stops meeting the requirements of the selector [Conformance]', async () => {
  const path = await collection();
  const watch = await world.watch(selectedBy(path, 'selected'));
  await world.post(path, labelled('a', 'selected'));
  await mutate(`${path}/a`, '1');
  const relabel = (value: string) => world.patch(`${path}/a`, labelled('a', value));
  await relabel('something-else');
  await watch.seen('DELETED');
  await mutate(`${path}/a`, '2');
  await relabel('selected');
  await mutate(`${path}/a`, '3');
  await world.delete(`${path}/a`);
  await eventually('the second deletion', () => watch.events.filter(({ type }) => type === 'DELETED').length === 2);
  assert.deepEqual(
    watch.events.map(({ type, object }) => [type, at(object, 'data.mutation')]),
    [
      ['ADDED', undefined],
      ['MODIFIED', '1'],
      // As it was when it still met them.
      ['DELETED', '1'],
      ['ADDED', '2'],
      ['MODIFIED', '3'],
      ['DELETED', '3'],
    ],
  );
});

it('[sig-api-machinery] Watchers should receive events on concurrent watches in same order [Conformance]', async () => {
  const path = await collection();
  const start = versionOf(await world.get(path));
  const names = Array.from({ length: 30 }, (_, i) => `c-${i}`);
  const changes = Promise.all(
    names.map(async (name) => {
      await world.post(path, { metadata: { name } });
      await mutate(`${path}/${name}`, name);
      await world.delete(`${path}/${name}`);
    }),
  );
  const early = await Promise.all(Array.from({ length: 5 }, () => world.watch(path, start)));
  await changes;
  const late = await Promise.all(Array.from({ length: 5 }, () => world.watch(path, start)));
  const watches = [...early, ...late];
  await eventually('all events', () => watches.every(({ events }) => events.length >= 3 * names.length));
  const order = (watch: (typeof watches)[number]) =>
    watch.events.map(({ type, object }) => `${type} ${versionOf(object)}`);
  for (const watch of watches) assert.deepEqual(order(watch), order(watches[0] as (typeof watches)[number]));
});
