import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { describeRefusals, describeUnschedulable, describeUnschedulablePod } from './diagnosis.ts';
import type { Refusal } from './framework.ts';

const because = (...reasons: string[]): Refusal => ({ plugin: 'x', reasons, resolvable: true });
const times = (count: number, refusal: Refusal): Refusal[] => Array.from({ length: count }, () => refusal);

describe('why a pod fits nowhere', () => {
  const cases: readonly (readonly [
    title: string,
    nodes: number,
    refusals: Refusal[],
    preemption: string | undefined,
    text: string,
  ])[] = [
    ['no nodes at all', 0, [], undefined, 'no nodes available to schedule pods'],
    ['no nodes, whatever else is known', 0, [], 'not eligible.', 'no nodes available to schedule pods'],
    [
      'one reason, as many times as nodes gave it',
      3,
      times(3, because('Insufficient cpu')),
      undefined,
      '0/3 nodes are available: 3 Insufficient cpu.',
    ],
    [
      'a node that gives several reasons counts for each',
      2,
      [because('Insufficient cpu', 'Insufficient memory'), because('Insufficient memory')],
      undefined,
      '0/2 nodes are available: 1 Insufficient cpu, 2 Insufficient memory.',
    ],
    [
      'sorted as text, counts included: 1, 10, 2',
      13,
      [
        ...times(2, because('node(s) were unschedulable')),
        ...times(10, because('Insufficient cpu')),
        ...times(1, because('node(s) had untolerated taint(s)')),
      ],
      undefined,
      '0/13 nodes are available: 1 node(s) had untolerated taint(s), 10 Insufficient cpu, 2 node(s) were unschedulable.',
    ],
    [
      'what became of preemption comes last',
      1,
      [because('Insufficient cpu')],
      '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    ],
    [
      'also why it was not tried',
      1,
      [because('Insufficient cpu')],
      'not eligible due to preemptionPolicy=Never.',
      '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.',
    ],
  ];
  for (const [title, nodes, refusals, preemption, text] of cases)
    it(title, () => assert.equal(describeUnschedulable(nodes, refusals, preemption), text));

  it('nodes about which nobody said anything: nothing follows', () => {
    assert.equal(describeRefusals(2, []), '0/2 nodes are available:');
  });

  it('a pod that stands in its own way', () => {
    const refusal = because('pod affinity terms conflict');
    assert.equal(
      describeUnschedulablePod(4, refusal),
      '0/4 nodes are available: pod affinity terms conflict. not found',
    );
    assert.equal(describeUnschedulablePod(0, refusal), 'no nodes available to schedule pods');
  });
});
