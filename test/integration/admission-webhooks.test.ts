/** Admission webhooks, real ones over TLS: what they are asked, what their answers do, and what comes of bad ones. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { AdmissionWebhook, patchOf, type RawBehaviour } from '../support/admission-webhook.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of all kinds are looked into
  readonly body: any;
  readonly warnings: readonly string[];
}

const configurations = '/apis/admissionregistration.k8s.io/v1';
const configMapRule = {
  ...{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
  operations: ['CREATE', 'UPDATE', 'DELETE'],
};

describe('admission webhooks', () => {
  let server: TestApiServer;
  let hook: AdmissionWebhook;
  let connection: GoldenConnection;
  let namespace: string;
  let made: string[] = [];
  let count = 0;

  before(async () => {
    [server, hook] = [await startTestApiServer(), await AdmissionWebhook.start()];
    connection = new GoldenConnection(server.connection);
  });
  after(async () => {
    connection.close();
    await server.stop();
    await hook.stop();
  });

  beforeEach(async () => {
    count += 1;
    namespace = `hooked-${count}`;
    await send('POST', '/api/v1/namespaces', { metadata: { name: namespace, labels: { of: namespace } } }, 201);
    hook.reviews.length = 0;
  });
  afterEach(async () => {
    for (const path of made) await send('DELETE', path, undefined, 200);
    made = [];
  });

  async function send(method: string, path: string, body?: object, code?: number): Promise<Answer> {
    const answer = await connection.request({
      ...{ method, path },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
    });
    if (code !== undefined) assert.equal(answer.code, code, answer.text);
    const warnings = [...String(answer.headers.warning ?? '').matchAll(/299 - "([^"]*)"/g)].map(
      ([, text = '']) => text,
    );
    return { code: answer.code, body: answer.json ?? answer.text, warnings };
  }

  const configMaps = () => `/api/v1/namespaces/${namespace}/configmaps`;
  const create = (name: string, more: object = {}) => send('POST', configMaps(), { metadata: { name }, ...more });

  /** In force with the next request. */
  async function configure(type: 'mutating' | 'validating', ...webhooks: readonly object[]): Promise<string> {
    const name = `w${made.length}-${namespace}`;
    const collection = `${configurations}/${type}webhookconfigurations`;
    const complete = webhooks.map((webhook, index) => ({
      ...{ name: `hook${index}.example.com`, admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 1 },
      ...{ rules: [configMapRule], namespaceSelector: { matchLabels: { of: namespace } } },
      clientConfig: { url: `${hook.url}/`, caBundle: hook.caBundle },
      ...webhook,
    }));
    await send('POST', collection, { metadata: { name }, webhooks: complete }, 201);
    made.push(`${collection}/${name}`);
    return `${collection}/${name}`;
  }
  const at = (path: string) => ({ clientConfig: { url: `${hook.url}${path}`, caBundle: hook.caBundle } });

  it('may make an object large, which is judged all the same', async () => {
    const keys = (count: number, last: string) =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [index === count - 1 ? last : `key-${index}`, 'v']),
      );
    const adds = (data: object) => () => patchOf([{ op: 'add', path: '/data', value: data }]);
    hook.on('/large', adds(keys(5000, 'last')));
    await configure('mutating', at('/large'));
    const { code, body } = await create('large');
    assert.deepEqual([code, Object.keys(body.data).length, body.data.last], [201, 5000, 'v']);
    const [kept] = (await send('GET', configMaps(), undefined, 200)).body.items;
    assert.deepEqual(kept.data, body.data);
    hook.on('/large', adds(keys(5000, '!')));
    const refused = await send('PATCH', `${configMaps()}/large`, { metadata: { labels: { a: 'b' } } });
    assert.equal(refused.code, 422);
    assert.match(refused.body.message, /data\[!\]: Invalid value: "!"/);
  });

  it('are asked with the object as the client sent it, and refuse in their own words', async () => {
    hook.on('/no', () => ({
      ...{ allowed: false, status: { code: 409, reason: 'Conflict', message: 'not this one' } },
      ...{ warnings: ['careful'], auditAnnotations: { why: 'because' } },
    }));
    await configure('validating', at('/no'));
    const answer = await create('a', { data: { key: 'value' } });
    assert.deepEqual(
      [answer.code, answer.body.reason, answer.body.message, answer.warnings],
      [409, 'Conflict', 'admission webhook "hook0.example.com" denied the request: not this one', ['careful']],
    );
    const [review] = hook.reviews;
    assert.ok(review);
    const { uid, userInfo, object, ...rest } = review.request;
    assert.match(uid, /^[0-9a-f-]{36}$/);
    assert.equal(userInfo.username, 'admin');
    assert.deepEqual([object.kind, object.metadata.name, object.data], ['ConfigMap', 'a', { key: 'value' }]);
    assert.deepEqual(rest, {
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      requestResource: { group: '', version: 'v1', resource: 'configmaps' },
      ...{ name: 'a', namespace, operation: 'CREATE', dryRun: false, oldObject: null },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    });
  });

  it('change objects one after another, and again when a later one changed something', async () => {
    const add = (key: string, value: (data: Readonly<Record<string, string>>) => string) =>
      hook.on(`/${key}`, ({ request: { object } }) =>
        patchOf([
          ...(object.data ? [] : [{ op: 'add', path: '/data', value: {} }]),
          { op: 'add', path: `/data/${key}`, value: value(object.data ?? {}) },
        ]),
      );
    add('first', (data) => Object.keys(data).sort().join());
    add('second', (data) => data.first ?? 'nothing');
    await configure('mutating', { ...at('/first'), reinvocationPolicy: 'IfNeeded' }, at('/second'));
    const { body } = await create('a', { data: { own: '1' } });
    assert.deepEqual(body.data, { own: '1', first: 'first,own,second', second: 'own' });
    assert.equal(hook.reviews.length, 3);
    const [first] = hook.reviews;
    assert.deepEqual(
      [first?.request.object.metadata.uid, first?.request.object.metadata.creationTimestamp],
      [undefined, undefined],
    );
  });

  it('are asked about deletions, each object of a collection, and about the parts of objects they name', async () => {
    await create('a', { metadata: { name: 'a', labels: { keep: 'yes' } } });
    await create('b');
    let isKept = true;
    hook.on('/keep', ({ request }) => ({ allowed: !(isKept && request.oldObject?.metadata.labels?.keep) }));
    await configure('validating', at('/keep'));
    const refused = await send('DELETE', `${configMaps()}/a`);
    assert.deepEqual(
      [refused.code, refused.body.message],
      [400, 'admission webhook "hook0.example.com" denied the request without explanation'],
    );
    assert.deepEqual([hook.reviews[0]?.request.operation, hook.reviews[0]?.request.object], ['DELETE', null]);
    assert.equal((await send('DELETE', configMaps())).code, 400);
    assert.equal((await send('GET', `${configMaps()}/a`)).code, 200);
    [isKept, hook.reviews.length] = [false, 0];
    await create('c');
    await send('DELETE', configMaps(), undefined, 200);
    const deleted = hook.reviews.filter(({ request }) => request.operation === 'DELETE');
    const names = deleted.map(({ request }) => request.oldObject.metadata.name);
    assert.ok(names.includes('a') && names.includes('c'), names.join());
  });

  it('see an object in the version that their rules name, and change it there', async () => {
    const scaler = (apiVersion: string) => ({
      ...{ apiVersion, kind: 'HorizontalPodAutoscaler', metadata: { name: 'h' } },
      spec: { scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }, maxReplicas: 3 },
    });
    const rules = [
      {
        apiGroups: ['autoscaling'],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['horizontalpodautoscalers'],
      },
    ];
    hook.on('/cpu', () => patchOf([{ op: 'add', path: '/spec/targetCPUUtilizationPercentage', value: 55 }]));
    await configure('mutating', { ...at('/cpu'), rules });
    const path = `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers`;
    const { body } = await send('POST', path, scaler('autoscaling/v2'), 201);
    assert.equal(body.spec.metrics[0].resource.target.averageUtilization, 55);
    const [review] = hook.reviews;
    assert.deepEqual(
      [review?.request.kind.version, review?.request.requestKind.version, review?.request.object.apiVersion],
      ['v1', 'v2', 'autoscaling/v1'],
    );
    await send('DELETE', `${path}/h`, undefined, 200);
    await configure('mutating', { ...at('/cpu'), rules, matchPolicy: 'Exact' });
    hook.reviews.length = 0;
    await send('DELETE', made.shift() ?? '', undefined, 200);
    await send('POST', path, scaler('autoscaling/v2'), 201);
    assert.equal(hook.reviews.length, 0);
  });

  it('see a Scale as a Scale', async () => {
    const labels = { app: 'web' };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
    const spec = { selector: { matchLabels: labels }, template };
    await send('POST', path, { metadata: { name: 'web' }, spec }, 201);
    hook.on('/few', () => patchOf([{ op: 'replace', path: '/spec/replicas', value: 4 }]));
    const rules = [{ apiGroups: ['apps'], apiVersions: ['*'], operations: ['*'], resources: ['*/scale'] }];
    await configure('mutating', { ...at('/few'), rules });
    const { body } = await send('PATCH', `${path}/web/scale`, { spec: { replicas: 9 } }, 200);
    assert.equal(body.spec.replicas, 4);
    const [review] = hook.reviews;
    assert.deepEqual(
      [review?.request.kind.kind, review?.request.subResource, review?.request.object.spec.replicas],
      ['Scale', 'scale', 9],
    );
  });

  it('are asked about connections, with their options', async () => {
    hook.on('/no-exec', () => ({ allowed: false, status: { message: 'no shells here' } }));
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CONNECT'], resources: ['pods/*'] }];
    await configure('validating', { ...at('/no-exec'), rules });
    const answer = await send('POST', `/api/v1/namespaces/${namespace}/pods/p/exec?command=ls&container=c`);
    assert.deepEqual(
      [answer.code, answer.body.message],
      [400, 'admission webhook "hook0.example.com" denied the request: no shells here'],
    );
    const [review] = hook.reviews;
    assert.deepEqual(
      [review?.request.operation, review?.request.kind.kind, review?.request.object.command],
      ['CONNECT', 'PodExecOptions', ['ls']],
    );
  });

  it('with side effects refuse a dry run, and those without are asked about it', async () => {
    await configure('validating', { ...at('/'), sideEffects: 'NoneOnDryRun' });
    const dryRun = `${configMaps()}?dryRun=All`;
    await send('POST', dryRun, { metadata: { name: 'a' } }, 201);
    assert.deepEqual([hook.reviews[0]?.request.dryRun, hook.reviews[0]?.request.options.dryRun], [true, ['All']]);
  });

  it('never are asked about their own configurations', async () => {
    const everything = [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] }];
    hook.on('/never', () => ({ allowed: false }));
    const path = await configure('validating', { ...at('/never'), rules: everything, namespaceSelector: {} });
    assert.equal((await create('a')).code, 400);
    await send('PATCH', path, { metadata: { labels: { a: 'b' } } }, 200);
  });

  describe('that misbehave', () => {
    const json = (response: Parameters<RawBehaviour>[0]) =>
      response.writeHead(200, { 'content-type': 'application/json' });
    const modes: readonly (readonly [mode: string, behaviour: RawBehaviour, why: RegExp])[] = [
      ['hang', () => undefined, /^failed to call webhook: Post ".*\/hang\?timeout=1s": context deadline exceeded$/],
      [
        'drip',
        (response) => {
          json(response);
          const timer = setInterval(() => response.write(' '), 50);
          response.on('close', () => clearInterval(timer));
        },
        /context deadline exceeded$/,
      ],
      ['rubbish', (response) => void json(response).end('<html>'), /json parse error: invalid character '<'/],
      ['empty', (response) => void json(response).end(), /^failed to call webhook: 0-length response/],
      [
        'gigantic',
        (response) => {
          json(response);
          const more = () => {
            while (response.write(Buffer.alloc(1 << 20, ' ')));
          };
          response.on('drain', more);
          more();
        },
        // Whichever comes first.
        /the answer is longer than|context deadline exceeded$/,
      ],
      ['redirect', (response) => void response.writeHead(307, { location: '/elsewhere' }).end(), /status code 307/],
      [
        'broken',
        (response) => void response.writeHead(500, { 'content-type': 'text/plain' }).end('boom'),
        /\("boom"\)/,
      ],
      ['hangup', (response) => void response.destroy(), /: EOF$/],
      ['other', (response) => void json(response).end('{"kind":"Pod"}'), /webhook response was absent$/],
    ];
    for (const [mode, behaviour, why] of modes)
      it(`by ${mode}: the failure policy says what that means, and nobody else waits`, async () => {
        hook.onRaw(`/${mode}`, behaviour);
        const path = await configure('validating', at(`/${mode}`));
        const secret = { metadata: { name: 's' } };
        const asked = create('a');
        assert.equal((await send('POST', `/api/v1/namespaces/${namespace}/secrets`, secret)).code, 201);
        const { code, body } = await asked;
        const prefix = 'Internal error occurred: failed calling webhook "hook0.example.com": ';
        assert.deepEqual([code, body.reason, body.message.slice(0, prefix.length)], [500, 'InternalError', prefix]);
        assert.match(body.message.slice(prefix.length), why);
        const { body: configuration } = await send('GET', path);
        configuration.webhooks[0].failurePolicy = 'Ignore';
        await send('PUT', path, configuration, 200);
        assert.equal((await create('b')).code, 201);
      });

    it('by a uid of another request are not believed', async () => {
      hook.on('/liar', () => ({ uid: 'other', allowed: true }));
      await configure('validating', at('/liar'));
      const { body } = await create('a');
      assert.match(body.message, /received invalid webhook response: expected response\.uid="[^"]+", got "other"$/);
    });

    const patches: readonly (readonly [what: string, operations: unknown, code: number, why: RegExp])[] = [
      ['takes the name', [{ op: 'remove', path: '/metadata/name' }], 422, /name or generateName is required/],
      ['goes elsewhere', [{ op: 'replace', path: '/metadata/namespace', value: 'default' }], 400, /does not match/],
      ['makes another kind', [{ op: 'replace', path: '/kind', value: 'Pod' }], 500, /unknown conversion/],
      ['has wrong types', [{ op: 'replace', path: '/data', value: 3 }], 500, /cannot unmarshal/],
      ['does not apply', [{ op: 'remove', path: '/spec/x' }], 500, /cannot be applied/],
      ['is none', { op: 'add' }, 500, /undecodable patch/],
      ['replaces all by nothing', [{ op: 'replace', path: '', value: null }], 500, /cannot be applied/],
    ];
    for (const [what, operations, code, why] of patches)
      it(`by a patch that ${what} break nothing but their request`, async () => {
        const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
        hook.on('/patch', () => ({ allowed: true, patchType: 'JSONPatch', patch }));
        await configure('mutating', at('/patch'));
        const answer = await create('a', { data: { a: 'b' } });
        assert.equal(answer.code, code, JSON.stringify(answer.body));
        assert.match(answer.body.message, why);
      });

    it('show in the metrics', async () => {
      const { text } = await connection.request({ method: 'GET', path: '/metrics' });
      assert.match(text, /apiserver_admission_webhook_rejection_count\{.*error_type="calling_webhook_error"/);
      assert.match(text, /apiserver_admission_webhook_fail_open_count\{name="hook0\.example\.com"/);
    });
  });
});
