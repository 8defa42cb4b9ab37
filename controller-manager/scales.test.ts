import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNotFound } from '../api/status-error.ts';
import { readScale } from './scales.ts';

const asked: string[] = [];
const client = {
  raw: async (method: string, path: string) => {
    asked.push(`${method} ${path}`);
    return { code: 200, text: '{"spec":{"replicas":2},"status":{}}' };
  },
};
const resource = { group: 'example.com', version: 'v1', plural: 'fleets' };

describe('scales', () => {
  it('are read of what is in the namespace', async () => {
    const { replicas } = await readScale(client, { ...resource, namespaced: true }, { namespace: 'a', name: 'web' });
    assert.equal(replicas, 2);
    assert.deepEqual(asked.splice(0), ['GET /apis/example.com/v1/namespaces/a/fleets/web/scale']);
  });

  it('are not read of what belongs to the whole cluster, nor of names that are another path', async () => {
    const ofCluster = readScale(client, { ...resource, namespaced: false }, { namespace: 'a', name: 'web' });
    await assert.rejects(ofCluster, isNotFound);
    for (const name of ['.', '..']) {
      const elsewhere = readScale(client, { ...resource, namespaced: true }, { namespace: 'a', name });
      await assert.rejects(elsewhere, /invalid resource name/);
    }
    assert.deepEqual(asked, []);
  });
});
