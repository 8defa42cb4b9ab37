/** Admission policies: what bound ones refuse, warn of, note and change, with parameters of all kinds of objects. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: answers of all kinds are looked into
  readonly body: any;
  readonly warnings: readonly string[];
}

const group = '/apis/admissionregistration.k8s.io/v1';
const configMapRules = [
  { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] },
];

describe('admission policies', () => {
  let server: TestApiServer;
  let connection: GoldenConnection;
  let namespace: string;
  let made: string[] = [];
  let count = 0;

  before(async () => {
    server = await startTestApiServer();
    connection = new GoldenConnection(server.connection);
  });
  after(async () => {
    connection.close();
    await server.stop();
  });
  beforeEach(async () => {
    count += 1;
    namespace = `ruled-${count}`;
    await send('POST', '/api/v1/namespaces', { metadata: { name: namespace, labels: { of: namespace } } }, 201);
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
  const create = (name: string, data: object = {}, metadata: object = {}) =>
    send('POST', configMaps(), { metadata: { name, ...metadata }, data });

  async function bound(type: 'validating' | 'mutating', spec: object, ...bindings: readonly object[]): Promise<string> {
    const name = `p${made.length}-${namespace}`;
    const [policies, policyBindings] = [`${group}/${type}admissionpolicies`, `${group}/${type}admissionpolicybindings`];
    const matchConstraints = { resourceRules: configMapRules };
    await send('POST', policies, { metadata: { name }, spec: { matchConstraints, ...spec } }, 201);
    made.push(`${policies}/${name}`);
    const matchResources = { namespaceSelector: { matchLabels: { of: namespace } } };
    for (const [index, binding] of (bindings.length > 0 ? bindings : [{}]).entries()) {
      const spec = {
        ...{ policyName: name, matchResources },
        ...(type === 'validating' && { validationActions: ['Deny'] }),
        ...binding,
      };
      await send('POST', policyBindings, { metadata: { name: `${name}-${index}` }, spec }, 201);
      made.unshift(`${policyBindings}/${name}-${index}`);
    }
    return name;
  }

  it('refuse in their own words, with their own reason', async () => {
    const name = await bound('validating', {
      variables: [{ name: 'size', expression: 'has(object.data) ? object.data.size() : 0' }],
      validations: [
        {
          expression: 'variables.size < 2',
          messageExpression: "'too many: ' + string(variables.size)",
          reason: 'Forbidden',
        },
      ],
    });
    assert.equal((await create('a', { a: '1' })).code, 201);
    const { code, body } = await create('b', { a: '1', b: '2' });
    const why = `ValidatingAdmissionPolicy '${name}' with binding '${name}-0' denied request: too many: 2`;
    assert.deepEqual(
      [code, body.reason, body.message, body.details.causes],
      [403, 'Forbidden', `configmaps "b" is forbidden: ${why}`, [{ message: why }]],
    );
  });

  it('warn instead, when their binding wants that', async () => {
    const spec = { validations: [{ expression: 'false', message: 'never good' }] };
    const name = await bound('validating', spec, { validationActions: ['Warn', 'Audit'] });
    const { code, warnings } = await create('a');
    const warning = `Validation failed for ValidatingAdmissionPolicy '${name}' with binding '${name}-0': never good`;
    assert.deepEqual([code, warnings], [201, [warning]]);
  });

  it('have parameters by name, by labels, and of the request’s own namespace', async () => {
    await create('limit', { most: '1' });
    await create('strict', { most: '0' }, { labels: { limit: 'yes' } });
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      matchConditions: [
        {
          name: 'asks',
          expression: "object != null && has(object.metadata.labels) && 'count' in object.metadata.labels",
        },
      ],
      validations: [{ expression: 'int(object.metadata.labels.count) <= int(params.data.most)' }],
    };
    const counted = (count: string) => create('a', {}, { labels: { count } });
    await bound('validating', spec, { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } });
    assert.equal((await counted('2')).code, 422);
    assert.equal((await counted('1')).code, 201);
    await send('DELETE', `${configMaps()}/a`, undefined, 200);
    await bound('validating', spec, {
      paramRef: { selector: { matchLabels: { limit: 'yes' } }, parameterNotFoundAction: 'Deny' },
    });
    assert.equal((await counted('1')).code, 422);
    await bound('validating', spec, { paramRef: { name: 'ghost', namespace, parameterNotFoundAction: 'Deny' } });
    const { body } = await counted('0');
    assert.match(body.message, /failed to configure binding: no params found for policy binding with `Deny`/);
  });

  it('may ask what the sender may do besides, and look at the namespace', async () => {
    const asks = "authorizer.group('').resource('pods').namespace('default').check('delete').allowed()";
    await bound('validating', {
      validations: [
        { expression: asks, message: 'not allowed' },
        { expression: `namespaceObject.metadata.labels.of == '${namespace}'`, message: 'wrong namespace' },
      ],
    });
    assert.equal((await create('a')).code, 201);
  });

  it('that cannot be evaluated refuse, or are ignored when they say so', async () => {
    const validations = [{ expression: "object.data.missing == 'x'" }];
    const name = await bound('validating', { validations });
    const { body } = await create('a', { other: '1' });
    assert.match(
      body.message,
      new RegExp(`${name}-0' denied request: expression .* resulted in error: no such key: missing$`),
    );
    await send('PATCH', `${group}/validatingadmissionpolicies/${name}`, { spec: { failurePolicy: 'Ignore' } }, 200);
    assert.equal((await create('a', { other: '1' })).code, 201);
  });

  it('that cost too much refuse before they hold anybody up', async () => {
    const many = 'object.data.all(a, object.data.all(b, object.data.all(c, object.data.all(d, a + b + c + d != ""))))';
    await bound('validating', { validations: [{ expression: many }] });
    const data = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`key-${i}`, 'value']));
    const { code, body } = await create('a', data);
    assert.equal(code, 422);
    assert.match(body.message, /cost/);
  });

  it('are asked about each object of a collection that is deleted', async () => {
    await create('keep', {}, { labels: { keep: 'yes' } });
    await bound('validating', { validations: [{ expression: 'object != null || !has(oldObject.metadata.labels)' }] });
    const { code, body } = await send('DELETE', configMaps());
    assert.equal(code, 422);
    assert.match(body.message, /^configmaps "Unknown" is forbidden: /);
  });

  it('change objects by configurations and patches, and again when others changed them', async () => {
    await bound('mutating', {
      reinvocationPolicy: 'IfNeeded',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: { expression: "Object{data: {'seen': has(object.data.late) ? 'late' : 'early'}}" },
        },
      ],
    });
    await bound('mutating', {
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'JSONPatch',
          jsonPatch: { expression: "[JSONPatch{op: 'add', path: '/data/late', value: object.data.seen + '!'}]" },
        },
      ],
    });
    const { body } = await create('a', { own: '1' });
    assert.deepEqual(body.data, { own: '1', seen: 'late', late: 'early!' });
  });

  it('that would replace a list as a whole change nothing and refuse', async () => {
    const rules = [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }];
    const name = await bound('mutating', {
      matchConstraints: { resourceRules: rules },
      reinvocationPolicy: 'Never',
      mutations: [
        {
          patchType: 'ApplyConfiguration',
          applyConfiguration: {
            expression: "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'c', command: ['sh']}]}}",
          },
        },
      ],
    });
    const pod = { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const { code, body } = await send('POST', `/api/v1/namespaces/${namespace}/pods`, pod);
    assert.deepEqual([code, body.reason], [403, 'Invalid']);
    assert.match(
      body.message,
      new RegExp(
        `^policy '${name}' with binding '${name}-0' denied request: .*may not mutate atomic arrays, maps or structs: `,
      ),
    );
  });

  it('show in the metrics', async () => {
    const { text } = await connection.request({ method: 'GET', path: '/metrics' });
    assert.match(text, /apiserver_validating_admission_policy_check_total\{.*enforcement_action="deny"/);
    assert.match(text, /apiserver_mutating_admission_policy_check_total\{/);
  });

  it('say in their status which expressions do not fit the kinds that they name', async () => {
    const path = `${group}/validatingadmissionpolicies`;
    const resourceRules = [{ ...configMapRules[0] }];
    const spec = { matchConstraints: { resourceRules }, validations: [{ expression: 'object.datum.a == "b"' }] };
    await send('POST', path, { metadata: { name: 'typed' }, spec }, 201);
    made.push(`${path}/typed`);
    const checked = (generation: number) =>
      eventually('its types are checked', async () => {
        const { status } = (await send('GET', `${path}/typed`, undefined, 200)).body;
        return status.observedGeneration === generation ? status.typeChecking : undefined;
      });
    const { expressionWarnings } = await checked(1);
    assert.equal(expressionWarnings[0].fieldRef, 'spec.validations[0].expression');
    assert.match(expressionWarnings[0].warning, /^v1, Kind=ConfigMap: ERROR: <input>:1:7: undefined field 'datum'/);
    const validations = [{ expression: 'object.data.a == "b"' }];
    await send('PATCH', `${path}/typed`, { spec: { validations } }, 200);
    assert.deepEqual(await checked(2), {});
  });
});
