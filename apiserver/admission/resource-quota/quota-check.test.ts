import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quotaUsageOf } from '../../../api/quota/quota-usages.ts';
import type { Pod, ResourceQuota } from '../../../api/types/core/v1.ts';
import { ConfigurationError } from '../configuration-fields.ts';
import { readLimitedResources } from './limited-resources.ts';
import { type CountedWrite, demandOn, type Quota, whyUncovered } from './quota-check.ts';

const podOf = (cpu: string, priorityClassName?: string): Pod => ({
  metadata: { name: 'p' },
  spec: {
    containers: [{ name: 'c', image: 'a', resources: { requests: { cpu } } }],
    ...(priorityClassName !== undefined && { priorityClassName }),
  },
});
function writeOf(object: Pod, previous?: Pod): CountedWrite {
  const usage = quotaUsageOf({ group: '', plural: 'pods' });
  assert.ok(usage);
  return { usage, object, previous, now: 0 };
}
const quotaOf = (spec: ResourceQuota['spec'], status: ResourceQuota['status']): Quota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'shop', uid: 'q', resourceVersion: '1', creationTimestamp: '' },
  ...(spec && { spec }),
  ...(status && { status }),
});
const shown = (quota: Quota, write: CountedWrite): unknown => {
  const demand = demandOn(quota, write);
  if (demand === undefined || 'refusal' in demand) return demand?.refusal;
  return Object.fromEntries([...demand.amounts].map(([name, { nanos }]) => [name, Number(nanos) / 1e9]));
};

describe('what a write asks of a quota', () => {
  const hard = { 'requests.cpu': '2', pods: '5' };
  const used = { 'requests.cpu': '1', pods: '1' };

  it('is nothing while the status limits nothing', () =>
    assert.equal(shown(quotaOf({ hard }, {}), writeOf(podOf('1'))), undefined));

  it('is what it counts, as far as it is limited', () =>
    assert.deepEqual(shown(quotaOf({ hard }, { hard, used }), writeOf(podOf('1'))), { 'requests.cpu': 1, pods: 1 }));

  it('is what an update adds, and never less than nothing', () => {
    const quota = quotaOf({ hard }, { hard, used });
    assert.deepEqual(shown(quota, writeOf(podOf('1500m'), podOf('1'))), { 'requests.cpu': 0.5 });
    assert.equal(shown(quota, writeOf(podOf('500m'), podOf('1'))), undefined);
  });

  it('is all of it when the object was outside of the scopes before', () => {
    const scopeSelector = { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Exists' }] };
    const quota = quotaOf({ hard, scopeSelector }, { hard, used });
    const expected = { 'requests.cpu': 1, pods: 1 };
    assert.deepEqual(shown(quota, writeOf(podOf('1', 'high'), podOf('1'))), expected);
    assert.equal(shown(quota, writeOf(podOf('1'))), undefined);
  });

  it('cannot be told while it is not known what is used', () =>
    assert.equal(
      shown(quotaOf({ hard }, { hard, used: { pods: '1' } }), writeOf(podOf('1'))),
      'status unknown for quota: q, resources: pods,requests.cpu',
    ));
});

describe('what only a quota may allow', () => {
  const configured = readLimitedResources({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'ResourceQuotaConfiguration',
    limitedResources: [
      { resource: 'pods', matchContains: ['requests.cpu'] },
      { resource: 'pods', matchScopes: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] },
    ],
  });
  const why = (pod: Pod, ...quotas: Quota[]) => whyUncovered(writeOf(pod), quotas, configured);
  const cpu = quotaOf({ hard: { 'requests.cpu': '1' } }, { hard: { 'requests.cpu': '1' } });
  const high = quotaOf(
    { hard: { pods: '1' }, scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Exists' }] } },
    { hard: { pods: '1' } },
  );

  it('is told in upstream’s words', () => {
    assert.equal(why(podOf('1')), 'insufficient quota to consume: requests.cpu');
    assert.equal(why(podOf('1'), cpu), undefined);
    assert.equal(why(podOf('1', 'high'), cpu), 'insufficient quota to match these scopes: [{PriorityClass In [high]}]');
    assert.equal(why(podOf('1', 'high'), cpu, high), undefined);
  });

  it('is read strictly', () => {
    const read = (limited: object) => () =>
      readLimitedResources({
        apiVersion: 'apiserver.config.k8s.io/v1',
        kind: 'ResourceQuotaConfiguration',
        limitedResources: [limited],
      });
    assert.throws(read({ matchContains: ['a'] }), ConfigurationError);
    assert.throws(read({ resource: 'pods', matches: ['a'] }), ConfigurationError);
    assert.throws(read({ resource: 'pods', matchScopes: [{ scopeName: 'Nice', operator: 'Exists' }] }), /scopeName/);
    assert.throws(read({ resource: 'pods', matchScopes: [{ scopeName: 'PriorityClass', operator: 'In' }] }), /values/);
  });
});
