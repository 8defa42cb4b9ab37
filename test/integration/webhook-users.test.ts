/** As whom admission webhooks are called, when an AdmissionConfiguration says so. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAdmissionConfiguration } from '../../apiserver/admission/admission-configuration.ts';
import { readWebhookAdmission } from '../../apiserver/admission/webhooks/webhook-admission.ts';
import { ApiUser } from '../conformance/api-user.ts';
import { AdmissionWebhook } from '../support/admission-webhook.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('the users of admission webhooks', () => {
  let folder: string;
  let hook: AdmissionWebhook;
  let server: TestApiServer;
  let user: ApiUser;
  /** The header of each call, by the path that was called. */
  const seen = new Map<string, string | undefined>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-users-'));
    hook = await AdmissionWebhook.start();
    for (const path of ['/change', '/judge'])
      hook.onRaw(path, (response, request) => {
        seen.set(path, request.headers.authorization);
        request.resume();
        response.writeHead(403).end();
      });
    server = await startTestApiServer({ admissionConfigurations: await configurations() });
    user = new ApiUser(server.client);
  });
  after(async () => {
    await server.stop();
    await hook.stop();
    await rm(folder, { recursive: true });
  });

  /** The mutating plugin knows the server by name; the other one has a user for all. */
  async function configurations() {
    const files = {
      mutating: [{ name: `127.0.0.1:${hook.port}`, user: { token: 'a-token' } }],
      validating: [
        { name: '*.svc', user: { token: 'another' } },
        { name: '*', user: { username: 'u', password: 'p' } },
      ],
    };
    for (const [name, users] of Object.entries(files))
      await writeFile(join(folder, name), JSON.stringify({ apiVersion: 'v1', kind: 'Config', users }));
    return await configure({
      MutatingAdmissionWebhook: {
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'WebhookAdmissionConfiguration',
        kubeConfigFile: join(folder, 'mutating'),
      },
      ValidatingAdmissionWebhook: {
        apiVersion: 'apiserver.config.k8s.io/v1alpha1',
        kind: 'WebhookAdmission',
        kubeConfigFile: join(folder, 'validating'),
      },
    });
  }

  async function configure(plugins: Readonly<Record<string, object>>) {
    const file = join(folder, 'admission');
    const named = Object.entries(plugins).map(([name, configuration]) => ({ name, configuration }));
    const whole = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'AdmissionConfiguration', plugins: named };
    await writeFile(file, JSON.stringify(whole));
    return await readAdmissionConfiguration(file);
  }

  const webhooks: [type: string, path: string, header: string][] = [
    ['mutating', '/change', 'Bearer a-token'],
    ['validating', '/judge', `Basic ${Buffer.from('u:p').toString('base64')}`],
  ];
  for (const [type, path, header] of webhooks)
    it(`${type} ones are called as the user who is named after their server`, async () => {
      const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] };
      const webhook = {
        ...{ name: `${type}.example.com`, rules: [rule], admissionReviewVersions: ['v1'], sideEffects: 'None' },
        ...{ failurePolicy: 'Ignore', clientConfig: { url: `${hook.url}${path}`, caBundle: hook.caBundle } },
      };
      const metadata = { name: type };
      await user.post(`/apis/admissionregistration.k8s.io/v1/${type}webhookconfigurations`, {
        metadata,
        webhooks: [webhook],
      });
      await eventually('it is called', async () => {
        await user.post('/api/v1/namespaces/default/configmaps', { metadata: { generateName: 'a-' } });
        return seen.has(path);
      });
      assert.equal(seen.get(path), header);
    });

  const refused: [what: string, configuration: object, says: RegExp][] = [
    ['a path that is not absolute', { kubeConfigFile: 'users' }, /"users": must be an absolute file path/],
    ['no path', {}, /kubeConfigFile: Invalid value: "": must be an absolute file path/],
    ['a file that is not there', { kubeConfigFile: '/nowhere/users' }, /kubeConfigFile \/nowhere\/users: /],
    ['what it does not know', { kubeconfig: '/a' }, /unknown field "kubeconfig"/],
    [
      'another kind',
      { kind: 'WebhookAdmission' },
      /expected apiserver\.config\.k8s\.io\/v1, Kind=WebhookAdmissionConf/,
    ],
  ];
  for (const [what, configuration, says] of refused)
    it(`are not read from a configuration with ${what}`, async () => {
      const kind = { apiVersion: 'apiserver.config.k8s.io/v1', kind: 'WebhookAdmissionConfiguration' };
      const told = await configure({ ValidatingAdmissionWebhook: { ...kind, ...configuration } });
      assert.throws(
        () => told.read('ValidatingAdmissionWebhook', readWebhookAdmission),
        (error: Error) =>
          /the admission plugin ValidatingAdmissionWebhook: /.test(error.message) && says.test(error.message),
      );
    });
});
