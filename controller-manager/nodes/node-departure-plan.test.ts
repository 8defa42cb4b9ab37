import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { planDeparture } from './node-departure-plan.ts';

const left = { [leftAnnotation]: 'true' };
const taint = (key: string, effect = 'NoSchedule') => ({ taints: [{ key, effect }] });

const cases: readonly (readonly [what: string, annotations: Record<string, string>, more: Node, kind: string])[] = [
  ['of a host that is there', {}, {}, 'none'],
  ['of one that is to go, and has not', { [removedAnnotation]: 'true' }, {}, 'none'],
  ['of one that left', left, {}, 'delete'],
  [
    'that was cordoned',
    left,
    { spec: { unschedulable: true, ...taint('node.kubernetes.io/unschedulable') } },
    'delete',
  ],
  ['that is silent', left, { spec: taint('node.kubernetes.io/unreachable', 'NoExecute') }, 'delete'],
  ['with a taint of others', left, { spec: taint('dedicated') }, 'keep'],
  ['out of service', left, { spec: taint('node.kubernetes.io/out-of-service', 'NoExecute') }, 'keep'],
  [
    'with the key of a managed taint, and another effect',
    left,
    { spec: taint('node.kubernetes.io/unschedulable', 'NoExecute') },
    'keep',
  ],
  ['with labels of its own', left, { metadata: { labels: { a: 'b', 'kubernetes.io/os': 'linux' } } }, 'delete'],
  ['with a restricted label', left, { metadata: { labels: { 'node-restriction.kubernetes.io/trusted': '' } } }, 'keep'],
  ['with a role', left, { metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } } }, 'keep'],
  [
    'that was removed, whatever it has',
    { ...left, [removedAnnotation]: 'true' },
    { spec: taint('dedicated') },
    'delete',
  ],
];

describe('the Node', () => {
  for (const [what, annotations, more, kind] of cases)
    it(`${what}: ${kind}`, () =>
      assert.equal(planDeparture({ ...more, metadata: { ...more.metadata, name: 'n', annotations } }).kind, kind));
});
