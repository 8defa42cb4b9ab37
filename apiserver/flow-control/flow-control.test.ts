import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestInfo } from '../request/request-info.ts';
import type { User } from '../request/user.ts';
import { computeCurrentLimits, computeSeatLimits } from './concurrency-shares.ts';
import { distinguisherOf, FlowClassifier } from './flow-classifier.ts';
import { flowSchemas, priorityLevels } from './flow-objects.ts';
import { DemandMeter } from './seat-demand.ts';

const user = (name: string, ...groups: string[]): User => ({ name, groups: [...groups, 'system:authenticated'] });
const admin = user('admin', 'system:masters');
const node = user('system:node:n', 'system:nodes');
const manager = user('system:kube-controller-manager');
const system = user('system:serviceaccount:kube-system:x', 'system:serviceaccounts');
const endpoints = user('system:serviceaccount:kube-system:endpoint-controller', 'system:serviceaccounts');
const app = user('system:serviceaccount:shop:x', 'system:serviceaccounts');
const eve = user('eve');
const nobody: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
const stranger: User = { name: 'x', groups: [] };

const pods = '/api/v1/namespaces/shop/pods';
const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/l';

describe('the flow schemas of every cluster', () => {
  const classifier = new FlowClassifier(flowSchemas.map((schema) => ({ ...schema, uid: schema.name })));
  const cases: readonly (readonly [who: User, method: string, path: string, schema: string | undefined])[] = [
    [admin, 'GET', pods, 'exempt'],
    [admin, 'GET', '/healthz', 'exempt'],
    [nobody, 'GET', '/healthz', 'probes'],
    [nobody, 'GET', '/livez', 'probes'],
    [nobody, 'POST', '/livez', 'global-default'],
    [nobody, 'GET', '/version', 'global-default'],
    [manager, 'PUT', lease, 'system-leader-election'],
    [manager, 'DELETE', lease, 'kube-controller-manager'],
    [system, 'PUT', lease, 'system-leader-election'],
    [manager, 'PUT', '/api/v1/namespaces/a/endpoints/b', 'endpoint-controller'],
    [endpoints, 'PUT', '/api/v1/namespaces/a/endpoints/b', 'endpoint-controller'],
    [system, 'PUT', '/api/v1/namespaces/a/configmaps/b', 'workload-leader-election'],
    [system, 'DELETE', '/api/v1/namespaces/a/configmaps/b', 'kube-system-service-accounts'],
    [node, 'PATCH', '/api/v1/nodes/n/status', 'system-node-high'],
    [node, 'PUT', lease, 'system-node-high'],
    [node, 'GET', '/api/v1/pods', 'system-nodes'],
    [node, 'GET', '/apis/example.dev/v1/nodes/n', 'system-nodes'],
    [user('system:kube-scheduler'), 'POST', `${pods}/p/binding`, 'kube-scheduler'],
    [app, 'GET', pods, 'service-accounts'],
    [app, 'PUT', lease, 'service-accounts'],
    [eve, 'GET', pods, 'global-default'],
    [eve, 'GET', '/apis', 'global-default'],
    [stranger, 'GET', pods, undefined],
  ];
  for (const [who, method, path, schema] of cases) {
    it(`${who.name} ${method} ${path}: ${schema}`, () => {
      assert.equal(classifier.classify(who, parseRequestInfo(method, path))?.name, schema);
    });
  }

  it('tell flows apart by user, or by namespace', () => {
    const [info, plain] = [parseRequestInfo('GET', pods), parseRequestInfo('GET', '/apis')];
    const priorityLevelConfiguration = { name: 'x' };
    const by = (type: string) => ({ priorityLevelConfiguration, distinguisherMethod: { type } });
    assert.equal(distinguisherOf(by('ByUser'), eve, info), 'eve');
    assert.equal(distinguisherOf(by('ByNamespace'), eve, info), 'shop');
    assert.equal(distinguisherOf(by('ByNamespace'), eve, plain), '');
    assert.equal(distinguisherOf({ priorityLevelConfiguration }, eve, info), '');
  });

  it('have levels that are there', () => {
    const names = priorityLevels.map(({ name }) => name);
    for (const { spec } of flowSchemas) assert.ok(names.includes(spec.priorityLevelConfiguration.name));
  });
});

describe('seats', () => {
  const level = (name: string, shares: number, lendablePercent = 0, borrowingLimitPercent?: number) => ({
    ...{ name, shares, lendablePercent },
    borrowingLimitPercent,
  });

  it('are shared by shares, rounded up', () => {
    const limits = computeSeatLimits(100, [level('a', 30, 50), level('b', 60, 0, 50), level('c', 0)]);
    assert.deepEqual(limits.get('a'), { nominal: 34, min: 17, max: 100 });
    assert.deepEqual(limits.get('b'), { nominal: 67, min: 67, max: 101 });
    assert.deepEqual(limits.get('c'), { nominal: 0, min: 0, max: 100 });
  });

  const lend = (...levels: { high: number; nominal?: number; min?: number; max?: number }[]) => [
    ...computeCurrentLimits(
      levels.map(({ high, nominal = 50, min = 0, max = 100 }, index) => ({
        ...{ name: String(index), nominal, min, max, high, smooth: high },
      })),
    ).values(),
  ];

  it('go where they are wanted, but for what a level keeps', () => {
    assert.deepEqual(lend({ high: 0 }, { high: 200 }), [0, 100]);
    assert.deepEqual(lend({ high: 0, min: 20 }, { high: 200 }), [20, 80]);
    assert.deepEqual(lend({ high: 0 }, { high: 200, max: 60 }), [40, 60]);
    assert.deepEqual(lend({ high: 60 }, { high: 200 }), [50, 50]);
  });

  it('are wanted as of late', () => {
    const meter = new DemandMeter(0);
    meter.set(10, 0);
    meter.set(0, 5_000);
    const first = meter.take(10_000);
    assert.equal(first.high, 10);
    assert.equal(first.smooth, 10);
    const second = meter.take(20_000);
    assert.equal(second.high, 0);
    assert.ok(second.smooth > 9 && second.smooth < 10);
  });
});
