/** What the conformance suite asks of ResourceQuotas: what is counted, when it is given back, and what is over the limit. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { eventually } from '../support/eventually.ts';
import { at, type Json } from './api-user.ts';
import { World } from './world.ts';

let world: World;
before(async () => {
  world = await World.start({ controllers: true });
});
after(() => world.stop());

const forbidden = { code: 403, reason: 'Forbidden' };

interface QuotaInUse {
  /** `/api/v1/namespaces/e2e-1` */
  readonly core: string;
  /** `/apis/apps/v1/namespaces/e2e-1` */
  readonly apps: string;
  /** A quota of these limits, whose status is there. */
  set(name: string, hard: Json, scopes?: readonly string[]): Promise<void>;
  /** Resolves when this much is used; what is not named does not matter. */
  uses(name: string, used: Json): Promise<void>;
}

async function quotas(): Promise<QuotaInUse> {
  const namespace = await world.namespace();
  const core = `/api/v1/namespaces/${namespace}`;
  const statusOf = async (name: string) => at(await world.get(`${core}/resourcequotas/${name}`), 'status');
  return {
    core,
    apps: `/apis/apps/v1/namespaces/${namespace}`,
    async set(name, hard, scopes) {
      await world.post(`${core}/resourcequotas`, { metadata: { name }, spec: { hard, ...(scopes && { scopes }) } });
      await eventually('its limits are in its status', async () => {
        const shown = at(await statusOf(name), 'hard') ?? {};
        return Object.entries(hard).every(([resource, most]) => Reflect.get(Object(shown), resource) === most);
      });
    },
    async uses(name, used) {
      await eventually(`${name} uses ${JSON.stringify(used)}`, async () => {
        const shown = Object(at(await statusOf(name), 'used'));
        return Object.entries(used).every(([resource, amount]) => Reflect.get(shown, resource) === amount);
      });
    },
  };
}

interface PodParts {
  readonly requests?: Json;
  readonly limits?: Json;
  readonly activeDeadlineSeconds?: number;
}

function podOf(name: string, { requests, limits, activeDeadlineSeconds }: PodParts = {}): Json {
  const resources = { ...(requests && { requests }), ...(limits && { limits }) };
  return {
    metadata: { name },
    spec: {
      ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
      containers: [{ name: 'c', image: 'registry.local/app:1', resources }],
    },
  };
}

it('[sig-api-machinery] ResourceQuota should create a ResourceQuota and ensure its status is promptly calculated. [Conformance]', async () => {
  const quota = await quotas();
  await quota.set('quota', { resourcequotas: '1', pods: '5' });
  await quota.uses('quota', { resourcequotas: '1', pods: '0' });
});

it('[sig-api-machinery] ResourceQuota should apply changes to a resourcequota status [Conformance]', async () => {
  const quota = await quotas();
  await quota.set('quota', { pods: '5' });
  const path = `${quota.core}/resourcequotas/quota/status`;
  const updated = await world.update(path, (object) => ({
    ...object,
    status: { ...Object(object.status), hard: { pods: '4' } },
  }));
  assert.equal(at(updated, 'status.hard.pods'), '4');
  assert.equal(at(updated, 'spec.hard.pods'), '5');
  const patched = await world.patch(path, { status: { hard: { pods: '3' } } });
  assert.equal(at(patched, 'status.hard.pods'), '3');
  assert.equal(at(await world.get(path), 'kind'), 'ResourceQuota');
});

it('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a service. [Conformance]', async () => {
  const quota = await quotas();
  await quota.set('quota', { services: '10', 'services.nodeports': '1', 'services.loadbalancers': '1' });
  const service = (name: string, type: string) => ({
    metadata: { name },
    spec: { type, selector: { app: name }, ports: [{ port: 80 }] },
  });
  const services = `${quota.core}/services`;
  await world.post(services, service('inside', 'ClusterIP'));
  await world.post(services, service('ported', 'NodePort'));
  await assert.rejects(world.post(services, service('balanced', 'LoadBalancer')), forbidden);
  await quota.uses('quota', { services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' });
  for (const name of ['inside', 'ported']) await world.delete(`${services}/${name}`);
  await quota.uses('quota', { services: '0', 'services.nodeports': '0', 'services.loadbalancers': '0' });
});

interface Counted {
  readonly name: string;
  readonly resource: string;
  collection(quota: QuotaInUse): string;
  make(name: string): Json;
}

const template = { metadata: { labels: { app: 'a' } }, spec: podOf('p').spec };
const counted: readonly Counted[] = [
  {
    name: '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a secret. [Conformance]',
    resource: 'secrets',
    collection: ({ core }) => `${core}/secrets`,
    make: (name) => ({ metadata: { name }, stringData: { a: '1' } }),
  },
  {
    name: '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a configMap. [Conformance]',
    resource: 'configmaps',
    collection: ({ core }) => `${core}/configmaps`,
    make: (name) => ({ metadata: { name }, data: { a: '1' } }),
  },
  {
    name: '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replication controller. [Conformance]',
    resource: 'replicationcontrollers',
    collection: ({ core }) => `${core}/replicationcontrollers`,
    make: (name) => ({ metadata: { name }, spec: { replicas: 0, selector: { app: 'a' }, template } }),
  },
  {
    name: '[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a replica set. [Conformance]',
    resource: 'count/replicasets.apps',
    collection: ({ apps }) => `${apps}/replicasets`,
    make: (name) => ({ metadata: { name }, spec: { replicas: 0, selector: { matchLabels: { app: 'a' } }, template } }),
  },
];

for (const { name, resource, collection, make } of counted)
  it(name, async () => {
    const quota = await quotas();
    const path = collection(quota);
    // The namespace has some of its own (the cluster's authority).
    const present = await eventually('what is there stays', async () => {
      const names = (await world.list(path)).length;
      return resource !== 'configmaps' || names > 0 ? names : undefined;
    });
    await quota.set('quota', { [resource]: String(present + 1) });
    await quota.uses('quota', { [resource]: String(present) });
    await world.post(path, make('first'));
    await quota.uses('quota', { [resource]: String(present + 1) });
    await assert.rejects(world.post(path, make('second')), forbidden);
    await world.delete(`${path}/first`);
    await quota.uses('quota', { [resource]: String(present) });
  });

it('[sig-api-machinery] ResourceQuota should create a ResourceQuota and capture the life of a pod. [Conformance]', async () => {
  const quota = await quotas();
  const extended = 'requests.example.com/dongle';
  await quota.set('quota', { pods: '5', cpu: '1', memory: '500Mi', 'ephemeral-storage': '50Gi', [extended]: '3' });
  const pods = `${quota.core}/pods`;
  const requests = { cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': '2' };
  const limits = { 'example.com/dongle': '2' };
  await world.post(pods, podOf('first', { requests, limits }));
  const used = { pods: '1', cpu: '500m', memory: '252Mi', 'ephemeral-storage': '30Gi', [extended]: '2' };
  await quota.uses('quota', used);
  const tooMuch: readonly PodParts[] = [
    { requests: { ...requests, cpu: '600m', 'example.com/dongle': '1' }, limits: { 'example.com/dongle': '1' } },
    { requests: { cpu: '500m', memory: '100Mi', 'ephemeral-storage': '1Gi', 'example.com/dongle': '2' }, limits },
  ];
  for (const parts of tooMuch) await assert.rejects(world.post(pods, podOf('second', parts)), forbidden);
  const more = { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '600m' } } }] } };
  await assert.rejects(world.patch(`${pods}/first`, more, 'strategic'), { code: 422 });
  await quota.uses('quota', used);
  await world.delete(`${pods}/first?gracePeriodSeconds=0`);
  await quota.uses('quota', { pods: '0', cpu: '0', memory: '0', 'ephemeral-storage': '0', [extended]: '0' });
});

it('[sig-api-machinery] ResourceQuota should verify ResourceQuota with best effort scope. [Conformance]', async () => {
  const quota = await quotas();
  await quota.set('best', { pods: '5' }, ['BestEffort']);
  await quota.set('other', { pods: '5' }, ['NotBestEffort']);
  const pods = `${quota.core}/pods`;
  const some = { cpu: '100m', memory: '10Mi' };
  for (const [parts, best, other] of [
    [{}, '1', '0'],
    [{ requests: some, limits: some }, '0', '1'],
  ] as const) {
    await world.post(pods, podOf('p', parts));
    await quota.uses('best', { pods: best });
    await quota.uses('other', { pods: other });
    await world.delete(`${pods}/p?gracePeriodSeconds=0`);
    await quota.uses('best', { pods: '0' });
    await quota.uses('other', { pods: '0' });
  }
});

it('[sig-api-machinery] ResourceQuota should verify ResourceQuota with terminating scopes. [Conformance]', async () => {
  const quota = await quotas();
  const hard = {
    pods: '5',
    'requests.cpu': '1',
    'requests.memory': '500Mi',
    'limits.cpu': '2',
    'limits.memory': '1Gi',
  };
  await quota.set('ending', hard, ['Terminating']);
  await quota.set('lasting', hard, ['NotTerminating']);
  const pods = `${quota.core}/pods`;
  const parts = { requests: { cpu: '500m', memory: '200Mi' }, limits: { cpu: '1', memory: '400Mi' } };
  const all = {
    pods: '1',
    'requests.cpu': '500m',
    'requests.memory': '200Mi',
    'limits.cpu': '1',
    'limits.memory': '400Mi',
  };
  const none = { pods: '0', 'requests.cpu': '0', 'requests.memory': '0', 'limits.cpu': '0', 'limits.memory': '0' };
  for (const [more, ending, lasting] of [
    [{}, none, all],
    [{ activeDeadlineSeconds: 3600 }, all, none],
  ] as const) {
    await world.post(pods, podOf('p', { ...parts, ...more }));
    await quota.uses('ending', ending);
    await quota.uses('lasting', lasting);
    await world.delete(`${pods}/p?gracePeriodSeconds=0`);
    await quota.uses('ending', none);
    await quota.uses('lasting', none);
  }
});
