import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reachabilityAnnotation as answer, reachabilityQuestionAnnotation as asked } from '../../api/reachability.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { planReachability } from './reachability-plan.ts';

const node = (annotations: Record<string, string>, more: Partial<Node> = {}): Node => ({
  metadata: { name: 'w1', annotations },
  spec: { podCIDR: '10.244.3.0/24' },
  status: {
    addresses: [{ type: 'InternalIP', address: '10.0.0.3' }],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
  ...more,
});

describe('planReachability', () => {
  it('dials what was asked for', () =>
    assert.deepEqual(planReachability(node({ [asked]: '2', [answer]: '{"asked":"1"}' })), {
      question: '2',
      host: '10.0.0.3',
      port: 10250,
      bridge: '10.244.3.1',
    }));
  const silent: readonly (readonly [string, Node])[] = [
    ['was not asked', node({})],
    ['was answered', node({ [asked]: '1', [answer]: '{"asked":"1","kubelet":"connection refused"}' })],
    ['has no pod network yet', node({ [asked]: '1' }, { spec: {} })],
    ['has no address yet', node({ [asked]: '1' }, { status: {} })],
    [
      'names no address',
      node({ [asked]: '1' }, { status: { ...node({}).status, addresses: [{ type: 'InternalIP', address: 'a.b' }] } }),
    ],
  ];
  for (const [what, one] of silent) {
    it(`dials nothing when it ${what}`, () => assert.equal(planReachability(one), undefined));
  }
});
