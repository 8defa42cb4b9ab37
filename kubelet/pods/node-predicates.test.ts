import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Taint } from '../../api/types/core/v1.ts';
import { makePod, type PodSpec, podOf } from '../testing/make-pod.ts';
import {
  computeAffinityRefusal,
  computePortsRefusal,
  computeRoomRefusal,
  computeSystemRefusal,
  computeTaintRefusal,
} from './node-predicates.ts';

const requests = (amounts: Record<string, string>) => podOf({ resources: { requests: amounts } });

describe('computeRoomRefusal', () => {
  const allocatable = { cpu: '2', memory: '1Gi', pods: '3', 'example.com/fuse': '1' };
  const other = requests({ cpu: '500m', memory: '512Mi', 'example.com/fuse': '1' });
  const cases = [
    ['a pod that asks for nothing', {}, [other], undefined],
    ['exactly what is left', { cpu: '1500m' }, [other], undefined],
    [
      'more than is left',
      { cpu: '1501m' },
      [other],
      "OutOfcpu: Node didn't have enough resource: cpu, requested: 1501, used: 500, capacity: 2000",
    ],
    [
      'more memory than there is at all',
      { memory: '2Gi' },
      [],
      "OutOfmemory: Node didn't have enough resource: memory, requested: 2147483648, used: 0, capacity: 1073741824",
    ],
    [
      'more of everything: CPU speaks first',
      { memory: '2Gi', cpu: '3' },
      [],
      "OutOfcpu: Node didn't have enough resource: cpu, requested: 3000, used: 0, capacity: 2000",
    ],
    [
      'one pod too many',
      { cpu: '3' },
      [makePod(), makePod(), makePod()],
      "OutOfpods: Node didn't have enough resource: pods, requested: 1, used: 3, capacity: 3",
    ],
    [
      'an extended resource that others have',
      { 'example.com/fuse': '1' },
      [other],
      "OutOfexample.com/fuse: Node didn't have enough resource: example.com/fuse, requested: 1, used: 1, capacity: 1",
    ],
    ['an extended resource that the node does not count', { 'example.com/thing': '1' }, [], undefined],
  ] as const;
  for (const [what, amounts, others, expected] of cases)
    it(what, () => {
      const refusal = computeRoomRefusal(requests(amounts), { allocatable }, others);
      assert.equal(refusal && `${refusal.reason}: ${refusal.message}`, expected);
    });
});

describe('computeAffinityRefusal', () => {
  const node = { name: 'n', node: { metadata: { labels: { disk: 'ssd' } } }, allocatable: {} };
  const term = (key: string) => ({ matchExpressions: [{ key, operator: 'Exists' }] });
  const affinity = (key: string) => ({
    nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(key)] } },
  });
  const cases: readonly (readonly [string, Partial<PodSpec>, boolean])[] = [
    ['no wish', {}, false],
    ['a label that is there', { nodeSelector: { disk: 'ssd' } }, false],
    ['another value', { nodeSelector: { disk: 'hdd' } }, true],
    ['an affinity that holds', { affinity: affinity('disk') }, false],
    ['an affinity that does not', { affinity: affinity('gpu') }, true],
  ];
  for (const [what, spec, refused] of cases)
    it(what, () =>
      assert.equal(
        computeAffinityRefusal(makePod(spec), node)?.message,
        refused ? "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector" : undefined,
      ),
    );
});

describe('computePortsRefusal', () => {
  const listens = (hostPort: number, rest = {}) => podOf({ ports: [{ containerPort: 80, hostPort, ...rest }] });
  const cases = [
    ['another port', listens(81), listens(80), false],
    ['the same port', listens(80), listens(80), true],
    ['no port of the node', podOf({ ports: [{ containerPort: 80 }] }), listens(80), false],
    ['another protocol', listens(80, { protocol: 'UDP' }), listens(80), false],
    ['another address', listens(80, { hostIP: '127.0.0.1' }), listens(80, { hostIP: '192.0.2.1' }), false],
    ['one address of all', listens(80, { hostIP: '127.0.0.1' }), listens(80), true],
  ] as const;
  for (const [what, pod, other, refused] of cases)
    it(what, () => assert.equal(computePortsRefusal(pod, [other])?.reason, refused ? 'NodePorts' : undefined));
});

describe('computeTaintRefusal', () => {
  const tainted = (effect: string) => {
    const taint: Taint = { key: 'maintenance', effect };
    return { name: 'n', node: { spec: { taints: [taint] } }, allocatable: {} };
  };
  const patient = makePod({ tolerations: [{ key: 'maintenance', operator: 'Exists' }] });
  const cases = [
    ['one that would evict it', makePod(), 'NoExecute', 'TaintToleration'],
    ['one that it puts up with', patient, 'NoExecute', undefined],
    ["one that is the scheduler's", makePod(), 'NoSchedule', undefined],
  ] as const;
  for (const [what, pod, effect, reason] of cases)
    it(what, () => assert.equal(computeTaintRefusal(pod, tainted(effect))?.reason, reason));
});

describe('computeSystemRefusal', () => {
  const cases: readonly (readonly [string, Partial<PodSpec>, string | undefined])[] = [
    ['Linux', { os: { name: 'linux' } }, undefined],
    ['Windows', { os: { name: 'windows' } }, 'PodOSNotSupported'],
    ['Windows by label', { nodeSelector: { 'kubernetes.io/os': 'windows' } }, 'PodOSSelectorNodeLabelDoesNotMatch'],
  ];
  for (const [what, spec, reason] of cases)
    it(what, () => assert.equal(computeSystemRefusal(makePod(spec))?.reason, reason));
});
