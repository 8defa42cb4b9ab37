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

const ground = { clusterCidr: '10.244.0.0/16', isOwnAddress: (address: string) => address === '10.0.0.1' };
const at = (address: string): Node =>
  node({ [asked]: '1' }, { status: { ...node({}).status, addresses: [{ type: 'InternalIP', address }] } });

describe('planReachability', () => {
  it('dials what was asked for', () =>
    assert.deepEqual(planReachability(node({ [asked]: '2', [answer]: '{"asked":"1"}' }), ground), {
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
    ['asks at length', node({ [asked]: 'x'.repeat(129) })],
  ];
  for (const [what, one] of silent) {
    it(`dials nothing when it ${what}`, () => assert.equal(planReachability(one, ground), undefined));
  }

  const foreign = [
    '127.0.0.1',
    '127.8.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fe80::1',
    '0.0.0.0',
    '224.0.0.1',
  ];
  for (const address of [...foreign, 'a.b', '', '10.0.0.1', '10.244.0.1'])
    it(`dials nothing at ${JSON.stringify(address)}, and says so`, () =>
      assert.deepEqual(planReachability(at(address), ground), {
        question: '1',
        why: `${address} is no address of another host`,
      }));
  for (const podCIDR of ['127.9.0.0/24', '10.96.0.0/12', '0.0.0.0/1', '10.244.0.0/16', '169.254.169.0/24', 'x'])
    it(`dials nothing in ${podCIDR}, and says so`, () =>
      assert.deepEqual(planReachability(node({ [asked]: '1' }, { spec: { podCIDR } }), ground), {
        question: '1',
        why: `${podCIDR} is no part of the pod network 10.244.0.0/16`,
      }));
});
