/**
 * What every "should support … API operations" test of the conformance suite asks of a resource: that discovery names
 * it, and that it can be created, read, listed, watched, patched, updated and deleted, one by one and together.
 */

import assert from 'node:assert/strict';
import { type ApiUser, at, type Json, nameOf } from './api-user.ts';

export interface ResourceUnderTest {
  /** Of the collection, with its namespace when it has one: `/apis/batch/v1/namespaces/e2e-1/cronjobs`. */
  readonly path: string;
  /** A new object; it may carry any metadata but its name and labels. */
  make(name: string): Json;
  /** A merge patch for the subresource `status`, when there is one, and where to see that it came. */
  readonly status?: {
    readonly patch: Json;
    readonly path: string;
    readonly value: unknown;
    /** Upstream's strategy for the status of some kinds leaves all metadata as it was. Default false. */
    readonly keepsMetadata?: boolean;
  };
  /** A merge patch that the object itself takes, and where to see that it came. */
  readonly spec?: { readonly patch: Json; readonly path: string; readonly value: unknown };
  /** Names of the three objects, when they are not free to choose. Two of one kind never share a path. */
  readonly names?: readonly [string, string, string];
}

const label = 'e2e-test';

export async function supportApiOperations(world: ApiUser, resource: ResourceUnderTest): Promise<void> {
  await isDiscovered(world, resource.path);
  const run = `run-${Math.random().toString(36).slice(2, 10)}`;
  const [first, second, third] = resource.names ?? [`${run}-1`, `${run}-2`, `${run}-3`];
  const selected = `${resource.path}?labelSelector=${label}%3D${run}`;
  const create = (name: string): Promise<Json> => {
    const object = resource.make(name);
    return world.post(resource.path, {
      ...object,
      metadata: { ...(object.metadata as Json), name, labels: { [label]: run } },
    });
  };
  const watch = await world.watch(selected);
  const made = await create(first);
  await create(second);
  await create(third);
  const one = `${resource.path}/${first}`;
  assert.equal(at(await world.get(one), 'metadata.uid'), at(made, 'metadata.uid'));
  assert.deepEqual((await world.list(selected)).map(nameOf).sort(), [first, second, third].sort());
  if (resource.path.includes('/namespaces/')) {
    const everywhere = selected.replace(/\/namespaces\/[^/]+/, '');
    assert.equal((await world.list(everywhere)).length, 3);
  }

  const patched = await world.patch(one, { metadata: { annotations: { patched: 'true' } } });
  assert.equal(at(patched, 'metadata.annotations.patched'), 'true');
  await supportAllPatches(world, one, made);
  const updated = await world.update(one, (object) => withAnnotation(object, 'updated'));
  assert.equal(at(updated, 'metadata.annotations.updated'), 'true');
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.annotations.patched') === 'true');
  await watch.seen('MODIFIED', (object) => at(object, 'metadata.annotations.updated') === 'true');
  if (resource.spec) {
    assert.deepEqual(at(await world.patch(one, resource.spec.patch), resource.spec.path), resource.spec.value);
  }
  if (resource.status) await supportStatus(world, one, resource.status);

  await world.delete(one);
  await world.isGone(one);
  await watch.seen('DELETED', (object) => nameOf(object) === first);
  assert.equal((await world.list(selected)).length, 2);
  await world.delete(selected);
  assert.equal((await world.list(selected)).length, 0);
  watch.close();
}

/** An annotation by each kind of patch, all of them kept. */
async function supportAllPatches(world: ApiUser, one: string, { apiVersion, kind, metadata }: Json): Promise<void> {
  const annotate = (name: string): Json => ({ metadata: { annotations: { [name]: 'true' } } });
  await world.patch(one, annotate('strategic'), 'strategic');
  await world.patch(one, [{ op: 'add', path: '/metadata/annotations/json', value: 'true' }], 'json');
  const { name } = metadata as Json;
  const applied = { apiVersion, kind, metadata: { name, annotations: { apply: 'true' } } };
  const { annotations } = (await world.patch(one, applied, 'apply')).metadata as Json;
  assert.deepEqual(annotations, { patched: 'true', strategic: 'true', json: 'true', apply: 'true' });
}

async function supportStatus(
  world: ApiUser,
  one: string,
  status: NonNullable<ResourceUnderTest['status']>,
): Promise<void> {
  const patched = await world.patch(`${one}/status`, { metadata: { annotations: { ps: 'true' } }, ...status.patch });
  const annotated = status.keepsMetadata ? undefined : 'true';
  assert.equal(at(patched, 'metadata.annotations.ps'), annotated);
  assert.deepEqual(at(patched, status.path), status.value);
  const updated = await world.update(`${one}/status`, (object) => withAnnotation(object, 'us'));
  assert.equal(at(updated, 'metadata.annotations.us'), annotated);
  assert.deepEqual(at(await world.get(`${one}/status`), status.path), status.value);
}

export function withAnnotation(object: Json, name: string, value = 'true'): Json {
  const metadata = object.metadata as Json;
  return { ...object, metadata: { ...metadata, annotations: { ...(metadata.annotations as Json), [name]: value } } };
}

/** `/apis`, `/apis/GROUP` and `/apis/GROUP/VERSION` all know the resource. */
async function isDiscovered(world: ApiUser, path: string): Promise<void> {
  const words = path.split('/').filter((word) => word !== '');
  const plural = words.at(-1);
  const [root, group, version] = words;
  if (root === 'api') {
    const { resources } = await world.get('/api/v1');
    assert.ok((resources as Json[]).some(({ name }) => name === plural));
    return;
  }
  const { groups } = await world.get('/apis');
  const found = (groups as Json[]).find(({ name }) => name === group);
  assert.ok(found, `${group} is not in /apis`);
  const groupVersion = `${group}/${version}`;
  for (const one of [found, await world.get(`/apis/${group}`)]) {
    assert.ok((one.versions as Json[]).some((served) => served.groupVersion === groupVersion));
  }
  const { resources } = await world.get(`/apis/${groupVersion}`);
  assert.ok((resources as Json[]).some(({ name }) => name === plural));
}
