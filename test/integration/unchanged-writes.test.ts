/** An object that is sent back as it was read is not written: nothing of it moves, and nobody comes to own a part of it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { namespaces } from '../../api/resources/core.ts';
import { fieldRecordings } from '../golden/field-cases.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'unchanged';

interface Base {
  readonly base: string;
  readonly path: string;
  readonly body: KubernetesObject;
}

/** One valid object or more of each kind, with where it is created. */
function readBases(): Base[] {
  return readdirSync(fieldRecordings).flatMap((file) =>
    readFileSync(join(fieldRecordings, file), 'utf8')
      .replaceAll('{ns}', namespace)
      .split('\n')
      .filter((line) => line.startsWith('{"base":'))
      .map((line) => JSON.parse(line) as Base),
  );
}

describe('a PUT of what was read', () => {
  let server: TestApiServer;
  before(async () => {
    server = await startTestApiServer();
    await server.client.create(namespaces, { metadata: { name: namespace } });
  });
  after(() => server.stop());

  async function send(method: string, path: string, body?: object): Promise<Stored> {
    const { text } = await server.client.raw(method, path, { ...(body !== undefined && { body }) });
    return JSON.parse(text) as Stored; // every answer here is an object
  }

  for (const { base, path, body } of readBases())
    it(`writes nothing: ${path.split('/').at(-1)} ${base}`, async () => {
      const { metadata } = await send('POST', path, body);
      const place = `${path}/${metadata.name}`;
      const read = await send('GET', place);
      const written = await send('PUT', `${place}?fieldManager=replacer`, read);
      assert.deepEqual(written, read);
      // The next one has the same name.
      const { finalizers: _, ...rest } = written.metadata;
      await send('PUT', place, { ...written, metadata: rest });
      await send('DELETE', place, { gracePeriodSeconds: 0, propagationPolicy: 'Background' });
    });
});
