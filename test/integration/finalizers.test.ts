/** A finalizer is taken from the object that was meant, in the state in which that was decided, or not at all. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { configMaps } from '../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { removeFinalizer } from '../../controller-manager/finalizers.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const finalizer = 'example.com/held';
const other = 'example.com/other';
const key = { namespace: 'default', name: 'held' };

describe('removeFinalizer', () => {
  let server: TestApiServer;
  let held: Stored<ConfigMap>;

  before(async () => {
    server = await startTestApiServer();
  });
  after(() => server.stop());

  beforeEach(async () => {
    held = await createHeld([finalizer, other]);
    await server.client.delete(configMaps, key);
  });

  const createHeld = (finalizers: string[]) =>
    server.client.create<ConfigMap>(configMaps, { metadata: { ...key, finalizers } });
  const setFinalizers = (finalizers: string[]) =>
    server.client.patch(configMaps, key, { type: 'merge', body: { metadata: { finalizers } } });
  const finalizersNow = async () => (await server.client.get(configMaps, key)).metadata.finalizers;
  const take = (client: Parameters<typeof removeFinalizer>[0], object: Stored<KubernetesObject> = held) =>
    removeFinalizer<ConfigMap>(client, { kind: configMaps, object, finalizer });

  /** The server's client, with whom somebody else writes between what it reads and what it does with it. */
  const interruptedBy = (write: () => Promise<unknown>): Parameters<typeof removeFinalizer>[0] => ({
    async get(kind, which) {
      const object = await server.client.get(kind, which);
      await write();
      return object;
    },
    patch: (...parameters) => server.client.patch(...parameters),
  });

  it('leaves the others, and lets the object go with the last; once more changes nothing', async () => {
    await take(server.client);
    assert.deepEqual(await finalizersNow(), [other]);
    await take(server.client);
    assert.deepEqual(await finalizersNow(), [other]);
    await removeFinalizer(server.client, { kind: configMaps, object: held, finalizer: other });
    await assert.rejects(finalizersNow(), isNotFound);
    await take(server.client);
  });

  it('says Conflict when somebody else wrote meanwhile, and keeps what they wrote', async () => {
    const interrupted = interruptedBy(() => setFinalizers([finalizer]));
    await assert.rejects(take(interrupted), isConflict);
    assert.deepEqual(await finalizersNow(), [finalizer]);
    await take(server.client);
  });

  it('is done when the object goes meanwhile', async () => {
    await take(interruptedBy(() => setFinalizers([])));
    await assert.rejects(finalizersNow(), isNotFound);
  });

  it('leaves another object of the same name alone', async () => {
    await setFinalizers([]);
    const next = await createHeld([finalizer]);
    await take(server.client, held);
    assert.deepEqual(await finalizersNow(), [finalizer]);
    await server.client.delete(configMaps, key);
    await take(server.client, next);
  });

  it('asks of the object as it is now whether it may go', async () => {
    await removeFinalizer<ConfigMap>(server.client, {
      kind: configMaps,
      object: held,
      finalizer,
      mayGo: ({ metadata }) => metadata?.resourceVersion === held.metadata.resourceVersion,
    });
    assert.deepEqual(await finalizersNow(), [finalizer, other]);
    await setFinalizers([]);
  });
});
