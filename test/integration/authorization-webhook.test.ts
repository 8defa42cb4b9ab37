/** Who may do what is asked of a server outside: by an AuthorizationConfiguration, and by the flags. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isForbidden, StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { AuthorizationWebhook } from '../support/authorization-webhook.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

let webhook: AuthorizationWebhook;
let folder: string;
let kubeconfig: string;

before(async () => {
  webhook = await AuthorizationWebhook.start();
  folder = await mkdtemp(join(tmpdir(), 'longshore-authorization-'));
  kubeconfig = join(folder, 'webhook.kubeconfig');
  await webhook.writeKubeconfig(kubeconfig);
});
after(async () => {
  await webhook.stop();
  await rm(folder, { recursive: true });
});

async function get(server: TestApiServer, name: string, path: string): Promise<string> {
  const client = createRestClient(await server.connectAs(name), { userAgent: 'test', logger: silentLogger });
  try {
    return (await client.raw('GET', path)).text;
  } finally {
    await client.close();
  }
}

const refusedWith = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StatusError && isForbidden(error), String(error));
  assert.match(error.message, pattern);
  return true;
};

describe('a webhook of an AuthorizationConfiguration', () => {
  let server: TestApiServer;

  before(async () => {
    const authorizer = (name: string, more: object) => ({
      type: 'Webhook',
      name,
      webhook: {
        ...{
          timeout: '500ms',
          authorizedTTL: '5m',
          cacheUnauthorizedRequests: false,
          subjectAccessReviewVersion: 'v1',
        },
        connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
        matchConditionSubjectAccessReviewVersion: 'v1',
        ...more,
      },
    });
    const file = join(folder, 'authorization.yaml');
    const configuration = {
      apiVersion: 'apiserver.config.k8s.io/v1',
      kind: 'AuthorizationConfiguration',
      authorizers: [
        authorizer('closed', {
          failurePolicy: 'Deny',
          matchConditions: [
            { expression: 'has(request.resourceAttributes)' },
            { expression: 'request.resourceAttributes.namespace == "guarded"' },
          ],
        }),
        authorizer('silent', {
          timeout: '100ms',
          failurePolicy: 'Deny',
          matchConditions: [{ expression: 'has(request.resourceAttributes)' }, { expression: 'request.user == "sid"' }],
        }),
        { type: 'Node', name: 'node' },
        { type: 'RBAC', name: 'rbac' },
        authorizer('asked', { failurePolicy: 'NoOpinion', matchConditions: [{ expression: 'request.user == "ann"' }] }),
        authorizer('open', {
          timeout: '100ms',
          failurePolicy: 'NoOpinion',
          matchConditions: [{ expression: 'request.user == "eve"' }],
        }),
      ],
    };
    await writeFile(file, JSON.stringify(configuration));
    server = await startTestApiServer({ authorization: { configurationFile: file } });
  });
  after(() => server.stop());

  it('is asked as whom its kubeconfig says, and what it allows is allowed', async () => {
    webhook.decide = ({ user }) => ({ allowed: user === 'ann', reason: 'she may' });
    await get(server, 'ann', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Dx');
    const { uid: _, extra: __, ...question } = webhook.questions.at(-1) ?? {};
    assert.deepEqual(question, {
      user: 'ann',
      groups: ['system:authenticated'],
      resourceAttributes: {
        ...{ namespace: 'a', verb: 'list', version: 'v1', resource: 'pods', name: 'x' },
        fieldSelector: { requirements: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] },
      },
    });
  });

  it('may leave it to the others, or refuse what they allow', async () => {
    webhook.decide = () => ({ allowed: false, reason: 'not at night' });
    await assert.rejects(get(server, 'ann', '/api/v1/pods'), refusedWith(/cluster scope: not at night$/));
    await get(server, 'ben', '/version');
    webhook.decide = ({ user }) => ({ allowed: false, denied: user === 'ben', reason: 'guarded' });
    await assert.rejects(get(server, 'ben', '/api/v1/namespaces/guarded/pods'), refusedWith(/"guarded": guarded$/));
  });

  it('is asked by nobody of system:masters', async () => {
    webhook.decide = () => ({ allowed: false, denied: true });
    const asked = webhook.questions.length;
    await server.client.raw('GET', '/api/v1/namespaces/guarded/pods');
    assert.equal(webhook.questions.length, asked);
  });

  it('that does not answer stands for what its failure policy says, and keeps nobody else waiting', async () => {
    webhook.decide = () => undefined;
    const waiting = assert.rejects(
      get(server, 'sid', '/api/v1/pods'),
      refusedWith(/the authorization webhook "silent" could not be asked$/),
    );
    await get(server, 'cat', '/version');
    await waiting;
    await assert.rejects(get(server, 'eve', '/api/v1/nodes'), refusedWith(/at the cluster scope$/));
    const review = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user: 'eve', nonResourceAttributes: { path: '/x', verb: 'get' } },
    };
    const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
    const { text } = await server.client.raw('POST', path, { body: review });
    assert.deepEqual(JSON.parse(text).status, {
      allowed: false,
      evaluationError: 'the authorization webhook "open" could not be asked',
    });
    const { text: metrics } = await server.client.raw('GET', '/metrics');
    assert.match(metrics, /webhook_evaluations_total\{name="silent",result="timeout"\} 1/);
    assert.match(metrics, /webhook_evaluations_fail_open_total\{name="open",result="timeout"\} 2/);
  });
});

describe('a webhook of the flags', () => {
  it('is asked in its place, and remembered', async () => {
    const options = { kubeconfigFile: kubeconfig, version: 'v1' };
    const server = await startTestApiServer({ authorization: { modes: ['Webhook'], webhook: options } });
    try {
      webhook.decide = () => ({ allowed: true });
      const asked = webhook.questions.length;
      // One certificate: another one is another credential of the same user, and so another question.
      const client = createRestClient(await server.connectAs('dan'), { userAgent: 'test', logger: silentLogger });
      for (let times = 0; times < 3; times += 1) await client.raw('GET', '/api/v1/pods');
      await client.close();
      assert.equal(webhook.questions.length, asked + 1);
    } finally {
      await server.stop();
    }
  });

  for (const [what, authorization, said] of [
    ['an unknown mode', { modes: ['ABAC'] }, /--authorization-mode "ABAC" is not a valid mode/],
    ['a mode twice', { modes: ['RBAC', 'RBAC'] }, /names a mode twice/],
    ['no webhook', { modes: ['Webhook'] }, /needs --authorization-webhook-config-file/],
    ['no mode', { webhook: { kubeconfigFile: 'x' } }, /needs --authorization-mode Webhook/],
    ['both', { modes: ['RBAC'], configurationFile: 'x' }, /exclude each other/],
    ['no file', { configurationFile: '/nowhere' }, /--authorization-config cannot be used: \/nowhere: /],
  ] as const)
    it(`is refused with ${what}`, () => assert.rejects(startTestApiServer({ authorization }), said));
});
