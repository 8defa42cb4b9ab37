import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodeReadiness } from '../../api/nodes.ts';
import type { Stored } from '../../api/object.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { computeSilentConditions, computeTaints } from './node-conditions.ts';

const now = Date.UTC(2030, 0, 2);

function node(conditions: Record<string, string>, spec: Node['spec'] = {}): Stored<Node> {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n', uid: 'n', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' },
    spec,
    status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
  };
}

describe('taints of a node', () => {
  const text = (of: Stored<Node>, mayEvict = true) =>
    computeTaints(of, { mayEvict, now }).map(
      ({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`,
    );
  const own = { key: 'own', effect: 'NoExecute' };

  it('follow its conditions', () => {
    assert.deepEqual(text(node({ Ready: 'True' })), []);
    assert.deepEqual(text(node({ Ready: 'False' })), ['not-ready:NoSchedule', 'not-ready:NoExecute']);
    assert.deepEqual(text(node({ Ready: 'Unknown' })), ['unreachable:NoSchedule', 'unreachable:NoExecute']);
    assert.deepEqual(text(node({ Ready: 'True', DiskPressure: 'True', PIDPressure: 'Unknown' })), [
      'disk-pressure:NoSchedule',
    ]);
    assert.deepEqual(text(node({ Ready: 'True' }, { unschedulable: true })), ['unschedulable:NoSchedule']);
    assert.deepEqual(text(node({})), ['not-ready:NoSchedule']);
  });

  it('drive nobody away while that is not allowed', () => {
    assert.deepEqual(text(node({ Ready: 'Unknown' }), false), ['unreachable:NoSchedule']);
    const tainted = node(
      { Ready: 'Unknown' },
      { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] },
    );
    assert.deepEqual(text(tainted, false), ['unreachable:NoSchedule']);
  });

  it('of others are kept, and nothing is written without a change', () => {
    const back = node(
      { Ready: 'True' },
      { taints: [own, { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }] },
    );
    assert.deepEqual(text(back), ['own:NoExecute']);
    const well = node({ Ready: 'True' }, { taints: [own] });
    assert.equal(computeTaints(well, { mayEvict: true, now }), well.spec?.taints);
  });
});

describe('conditions of a silent node', () => {
  it('all become Unknown, and the missing ones are added', () => {
    const conditions = computeSilentConditions(node({ Ready: 'True', Other: 'True' }), now);
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['Ready', 'Unknown', 'NodeStatusUnknown'],
        ['Other', 'True', undefined],
        ['MemoryPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['DiskPressure', 'Unknown', 'NodeStatusNeverUpdated'],
        ['PIDPressure', 'Unknown', 'NodeStatusNeverUpdated'],
      ],
    );
  });

  it('that are Unknown already keep their words and time', () => {
    const known = computeSilentConditions(node({ Ready: 'True' }), now);
    const silent = { ...node({}), status: { conditions: known } };
    assert.deepEqual(computeSilentConditions(silent, now + 60_000), known);
  });
});

describe('readiness of a node', () => {
  const cases: readonly (readonly [conditions: Record<string, string>, readiness: string])[] = [
    [{ Ready: 'True' }, 'True'],
    [{ Ready: 'False' }, 'False'],
    [{ Ready: 'Unknown' }, 'Unknown'],
    [{ Ready: 'Perhaps' }, 'Unknown'],
    [{ DiskPressure: 'False' }, 'Unknown'],
  ];
  for (const [conditions, readiness] of cases)
    it(`${JSON.stringify(conditions)}: ${readiness}`, () => assert.equal(nodeReadiness(node(conditions)), readiness));
});
