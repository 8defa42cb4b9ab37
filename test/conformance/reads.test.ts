/** What the conformance suite asks of discovery, lists, tables, the version and field validation. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import type { StatusError } from '../../api/status-error.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start();
});
after(() => world.stop());

it('[sig-api-machinery] server version should find the server version [Conformance]', async () => {
  const { major, minor, gitVersion } = await world.get('/version');
  assert.match(String(major), /^\d+$/);
  assert.match(String(minor), /^\d+$/);
  assert.match(String(gitVersion), /^v\d+\.\d+\.\d+/);
});

async function read(path: string, accept: string): Promise<Json> {
  return JSON.parse((await world.client.raw('GET', path, { headers: { accept } })).text) as Json;
}

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

it('[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery endpoint Accept headers [Conformance]', async () => {
  for (const path of ['/api', '/apis']) {
    const list = await read(path, aggregated);
    assert.equal(list.kind, 'APIGroupDiscoveryList');
    assert.equal(list.apiVersion, 'apidiscovery.k8s.io/v2');
    assert.match(String((await read(path, 'application/json')).kind), /^API(Versions|GroupList)$/);
  }
});

/** Group, version and resource of things that every cluster has. */
const known = [
  ['', 'v1', 'namespaces'],
  ['admissionregistration.k8s.io', 'v1', 'validatingwebhookconfigurations'],
  ['apiextensions.k8s.io', 'v1', 'customresourcedefinitions'],
  ['apiregistration.k8s.io', 'v1', 'apiservices'],
  ['apps', 'v1', 'deployments'],
  ['authentication.k8s.io', 'v1', 'tokenreviews'],
  ['authorization.k8s.io', 'v1', 'selfsubjectaccessreviews'],
  ['autoscaling', 'v1', 'horizontalpodautoscalers'],
  ['autoscaling', 'v2', 'horizontalpodautoscalers'],
  ['batch', 'v1', 'jobs'],
  ['certificates.k8s.io', 'v1', 'certificatesigningrequests'],
  ['coordination.k8s.io', 'v1', 'leases'],
  ['discovery.k8s.io', 'v1', 'endpointslices'],
  ['events.k8s.io', 'v1', 'events'],
  ['networking.k8s.io', 'v1', 'ingresses'],
  ['node.k8s.io', 'v1', 'runtimeclasses'],
  ['policy', 'v1', 'poddisruptionbudgets'],
  ['scheduling.k8s.io', 'v1', 'priorityclasses'],
] as const;

it('[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface [Conformance]', async () => {
  const lists = await Promise.all(['/api', '/apis'].map((path) => read(path, aggregated)));
  const groups = lists.flatMap(({ items }) => items as Json[]);
  for (const [group, version, resource] of known) {
    const found = groups.find((one) => (at(one, 'metadata.name') ?? '') === group);
    const served = (found?.versions as Json[] | undefined)?.find((one) => one.version === version);
    assert.ok(served, `${group}/${version}`);
    assert.ok(
      (served.resources as Json[]).some((one) => one.resource === resource),
      resource,
    );
  }
});

it('[sig-api-machinery] Discovery should validate PreferredVersion for each APIGroup [Conformance]', async () => {
  const groups = (await world.get('/apis')).groups as Json[];
  assert.ok(groups.length > 10);
  for (const { name, preferredVersion } of groups) {
    const group = await world.get(`/apis/${name}`);
    assert.ok(
      (group.versions as Json[]).some(({ groupVersion }) => groupVersion === at(preferredVersion, 'groupVersion')),
    );
    assert.deepEqual(group.preferredVersion, preferredVersion);
  }
});

it('[sig-api-machinery] Discovery should locate the groupVersion and a resource within each APIGroup [Conformance]', async () => {
  const groups = (await world.get('/apis')).groups as Json[];
  for (const [group, version, resource] of known) {
    if (group !== '')
      assert.ok(
        groups.some(({ name }) => name === group),
        group,
      );
    const list = await world.get(group === '' ? '/api/v1' : `/apis/${group}/${version}`);
    assert.equal(list.kind, 'APIResourceList');
    assert.equal(list.groupVersion, group === '' ? version : `${group}/${version}`);
    assert.ok(
      (list.resources as Json[]).some(({ name }) => name === resource),
      resource,
    );
  }
});

it('[sig-api-machinery] Servers with support for Table transformation should return a 406 for a backend which does not implement metadata [Conformance]', async () => {
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { nonResourceAttributes: { path: '/', verb: 'get' } },
  };
  const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' };
  await assert.rejects(
    world.client.raw('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { body, headers }),
    { code: 406 },
  );
});

async function manyTemplates(count: number): Promise<string> {
  const path = `/api/v1/namespaces/${await world.namespace()}/podtemplates`;
  const template = { spec: { containers: [{ name: 'test', image: 'test2' }] } };
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      world.post(path, { metadata: { name: `template-${String(i).padStart(4, '0')}` }, template }),
    ),
  );
  return path;
}

const pageOf = (from: World, path: string, limit: number, token: unknown): Promise<Json> =>
  from.get(`${path}?limit=${limit}${token ? `&continue=${encodeURIComponent(String(token))}` : ''}`);

it('[sig-api-machinery] Servers with support for API chunking should return chunks of results for list calls [Conformance]', async () => {
  const total = 400;
  const path = await manyTemplates(total);
  const names: string[] = [];
  let [token, version]: unknown[] = [];
  do {
    const page = await pageOf(world, path, 17, token);
    version ??= at(page, 'metadata.resourceVersion');
    assert.equal(at(page, 'metadata.resourceVersion'), version);
    names.push(...(page.items as Json[]).map(nameOf));
    token = at(page, 'metadata.continue');
    const remaining = at(page, 'metadata.remainingItemCount') ?? 0;
    assert.equal(names.length + Number(remaining), total);
  } while (token);
  assert.deepEqual(names, [...names].sort());
  assert.equal(new Set(names).size, total);
  assert.deepEqual((await world.list(path)).map(nameOf), names);
});

it('[sig-api-machinery] Servers with support for API chunking should support continue listing from the last key if the original version has been compacted away, though the list is inconsistent [Conformance] [Slow]', async () => {
  const total = 400;
  const path = await manyTemplates(total);
  const first = await pageOf(world, path, 40, undefined);
  // A server that starts now remembers nothing older than the store does.
  const { store, authority } = world.server;
  await world.post(path.replace(/podtemplates$/, 'configmaps'), { metadata: { name: 'later' } });
  await store.compact(await store.currentRevision());
  const later = await World.start({ store, authority });
  const expired = await pageOf(later, path, 40, at(first, 'metadata.continue')).then(
    () => undefined,
    (error: StatusError) => error,
  );
  assert.equal(expired?.code, 410);
  assert.equal(expired.status.reason, 'Expired');
  const names = (first.items as Json[]).map(nameOf);
  let token = at(expired.status, 'metadata.continue');
  assert.ok(token, 'the refusal has a token to go on with');
  const began = at(first, 'metadata.resourceVersion');
  let version: unknown;
  while (token) {
    const page = await pageOf(later, path, 40, token);
    version ??= at(page, 'metadata.resourceVersion');
    assert.notEqual(version, began);
    names.push(...(page.items as Json[]).map(nameOf));
    token = at(page, 'metadata.continue');
  }
  await later.stop();
  assert.equal(new Set(names).size, total);
  assert.deepEqual(names, [...names].sort());
});

const fullDeployment = (extra: string): string =>
  `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"my-dep"${extra},"labels":{"app":"nginx"}},` +
  '"spec":{"unknown1":"val1","unknownDupe":"valDupe","unknownDupe":"valDupe2","paused":true,"paused":false,"selector":' +
  '{"matchLabels":{"app":"nginx"}},"template":{"metadata":{"labels":{"app":"nginx"}},"spec":{"containers":[{"name":' +
  '"nginx","image":"nginx:latest","unknownNested":"val1","imagePullPolicy":"Always","imagePullPolicy":"Never"}]}}}}';

async function refusalOf(text: string, path: string): Promise<string> {
  const refusal = await world.request('POST', `${path}?fieldValidation=Strict`, text).then(
    () => undefined,
    (error: Error & { code?: number }) => error,
  );
  assert.equal(refusal?.code, 400);
  return refusal?.message ?? '';
}

it('[sig-api-machinery] FieldValidation should detect unknown and duplicate fields of a typed object [Conformance]', async () => {
  const path = `/apis/apps/v1/namespaces/${await world.namespace()}/deployments`;
  const message = await refusalOf(fullDeployment(''), path);
  for (const problem of [
    'unknown field "spec.template.spec.containers[0].unknownNested"',
    'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
    'unknown field "spec.unknown1"',
    'unknown field "spec.unknownDupe"',
    'duplicate field "spec.paused"',
  ]) {
    assert.ok(message.includes(problem), `${problem} in: ${message}`);
  }
  await world.request('POST', `${path}?fieldValidation=Ignore`, fullDeployment(''));
});

it('[sig-api-machinery] FieldValidation should detect unknown metadata fields of a typed object [Conformance]', async () => {
  const path = `/apis/apps/v1/namespaces/${await world.namespace()}/deployments`;
  const message = await refusalOf(fullDeployment(',"unknownMeta":"foo"'), path);
  assert.ok(message.includes('unknown field "metadata.unknownMeta"'), message);
});
