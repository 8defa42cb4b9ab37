import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { CidrPool } from './cidr-pool.ts';
import { disruptionOf, EvictionPace, intervalOf } from './eviction-pace.ts';
import { Heartbeats } from './heartbeats.ts';
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
});

describe('heartbeats', () => {
  it('count silence on the listener’s own clock', () => {
    const heartbeats = new Heartbeats();
    heartbeats.note('n', 'a', 1000);
    heartbeats.note('n', 'a', 5000);
    assert.equal(heartbeats.silentForMs('n', 0, 6000), 5000);
    heartbeats.note('n', 'b', 6000);
    assert.equal(heartbeats.silentForMs('n', 0, 6000), 0);
  });

  it('do not count what the listener could not hear', () => {
    const heartbeats = new Heartbeats();
    heartbeats.note('n', 'a', 1000);
    assert.equal(heartbeats.silentForMs('n', 90_000, 100_000), 10_000);
    assert.equal(heartbeats.silentForMs('never heard', 0, 100_000), 0);
  });
});

describe('eviction pace', () => {
  it('knows an outage from a lost node', () => {
    assert.equal(disruptionOf({ ready: 3, lost: 1 }), 'none');
    assert.equal(disruptionOf({ ready: 1, lost: 2 }), 'none');
    assert.equal(disruptionOf({ ready: 2, lost: 3 }), 'partial');
    assert.equal(disruptionOf({ ready: 0, lost: 1 }), 'full');
  });

  it('gives up nothing when no node at all is ready', () => {
    const gone = { ready: 0, lost: 5 };
    assert.equal(intervalOf(gone, [gone]), undefined);
    assert.equal(intervalOf(gone, [gone, { ready: 1, lost: 0 }]), 10_000);
    const half = { ready: 2, lost: 3 };
    assert.equal(intervalOf(half, [half]), undefined);
    const large = { ready: 40, lost: 60 };
    assert.equal(intervalOf(large, [large]), 100_000);
  });

  it('takes one node of a zone at a time', () => {
    const pace = new EvictionPace();
    assert.ok(pace.tryTake('a', 10_000, 0));
    assert.ok(!pace.tryTake('a', 10_000, 9_999));
    assert.ok(pace.tryTake('b', 10_000, 9_999));
    assert.ok(pace.tryTake('a', 10_000, 10_000));
    assert.ok(!pace.tryTake('a', undefined, 90_000));
  });
});

describe('cidr pool', () => {
  it('hands out every part once, those that were free for longest first', () => {
    const pool = new CidrPool('10.244.0.0/22', 24);
    pool.occupy('10.244.1.0/24');
    pool.occupy('192.168.0.0/24');
    pool.occupy('fd00::/64');
    assert.deepEqual([pool.take(), pool.take()], ['10.244.0.0/24', '10.244.2.0/24']);
    pool.release('10.244.0.0/24');
    assert.deepEqual([pool.take(), pool.take(), pool.take()], ['10.244.3.0/24', '10.244.0.0/24', undefined]);
  });

  it('refuses what cannot be divided', () => {
    assert.throws(() => new CidrPool('10.244.0.0/24', 16), /prefix/);
    assert.throws(() => new CidrPool('10.244.0.0.0/24', 26), /Not an IPv4 network/);
  });
});
