/** The samples of docs/webhooks.md and docs/policies.md apply, and do what is said of them. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadAll } from 'js-yaml';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { StatusError } from '../../api/status-error.ts';
import { readAdmissionConfiguration } from '../../apiserver/admission/admission-configuration.ts';
import { packageRoot } from '../../base/package-root.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { AdmissionWebhook } from '../support/admission-webhook.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

function samplesOf(page: string): readonly JsonRecord[] {
  const text = readFileSync(join(packageRoot, 'docs', page), 'utf8');
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, yaml = '']) => loadAll(yaml).filter(isRecord));
}

describe('samples of admission', () => {
  let server: TestApiServer;

  before(async () => {
    server = await startTestApiServer();
    const metadata = { name: 'sample', labels: { rules: 'sample', webhooks: 'sample', team: 'red' } };
    await post('/api/v1/namespaces', { metadata });
  });
  after(() => server.stop());

  async function post(path: string, body: unknown): Promise<JsonRecord> {
    const { text } = await server.client.raw('POST', path, { body, headers: { 'content-type': 'application/json' } });
    return JSON.parse(text);
  }

  /** A file for the API server's start, not an object of its. */
  async function readConfiguration(sample: JsonRecord): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-samples-'));
    try {
      await writeFile(join(folder, 'admission.json'), JSON.stringify(sample));
      await readAdmissionConfiguration(join(folder, 'admission.json'));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  async function apply(object: JsonRecord): Promise<void> {
    if (object.kind === 'AdmissionConfiguration') return await readConfiguration(object);
    const kind = kinds.find((one) => one.kind === object.kind);
    assert.ok(kind, String(object.kind));
    const namespace = kind.namespaced ? '/namespaces/sample' : '';
    const root = kind.group === '' ? '/api' : `/apis/${kind.group}`;
    await post(`${root}/${kind.version}${namespace}/${kind.plural}`, object);
  }

  function createDeployment(name: string, replicas: number): Promise<JsonRecord> {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const spec = { replicas, selector: { matchLabels: labels }, template };
    return post('/apis/apps/v1/namespaces/sample/deployments', { metadata: { name }, spec });
  }

  const saying = (pattern: RegExp) => (error: unknown) => {
    assert.ok(error instanceof StatusError, String(error));
    assert.match(error.message, pattern);
    return true;
  };

  it('of policies', async () => {
    for (const sample of samplesOf('policies.md')) await apply(sample);
    const { metadata } = await createDeployment('few', 3);
    assert.ok(isRecord(metadata));
    assert.deepEqual(metadata.labels, { team: 'red' });
    await assert.rejects(createDeployment('many', 4), saying(/denied request: at most 3 replicas$/));
  });

  it('of webhooks', async () => {
    const hook = await AdmissionWebhook.start();
    try {
      hook.on('/judge', () => ({ allowed: false, status: { message: 'not today' } }));
      for (const sample of samplesOf('webhooks.md')) {
        const text = JSON.stringify(sample).replaceAll('https://judge.example.com', hook.url);
        await apply(JSON.parse(text.replaceAll('"caBundle":""', `"caBundle":"${hook.caBundle}"`)));
      }
      const asked = post('/api/v1/namespaces/sample/configmaps', { metadata: { name: 'a' } });
      await assert.rejects(asked, saying(/^admission webhook "judge\.example\.com" denied the request: not today$/));
    } finally {
      await hook.stop();
    }
  });
});
