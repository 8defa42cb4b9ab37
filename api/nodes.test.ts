import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isNodeName, isNodeReady, nodeCondition, nodeReadiness, type Readiness } from './nodes.ts';
import type { Node } from './types/core/v1.ts';

const withReady = (status: string): Node => ({ status: { conditions: [{ type: 'Ready', status }] } });

describe('questions about a node', () => {
  const cases: [what: string, node: Node, readiness: Readiness][] = [
    ['one that never said anything', {}, 'Unknown'],
    ['one that says so', withReady('True'), 'True'],
    ['one that says that it is not', withReady('False'), 'False'],
    ['one that is silent', withReady('Unknown'), 'Unknown'],
    ['one that says something else', withReady('maybe'), 'Unknown'],
  ];
  for (const [what, node, readiness] of cases) {
    it(`tell whether it is ready: ${what}`, () => {
      assert.equal(nodeReadiness(node), readiness);
      assert.equal(isNodeReady(node), readiness === 'True');
    });
  }

  it('find a condition by its type', () => {
    assert.deepEqual(nodeCondition(withReady('True'), 'Ready'), { type: 'Ready', status: 'True' });
    assert.equal(nodeCondition(withReady('True'), 'DiskPressure'), undefined);
  });
});

describe('isNodeName', () => {
  const good = ['n2', '10.0.0.1', 'a.b-c.d', 'a'.repeat(253), '0'];
  const bad = [
    '',
    'N2',
    'n2 ',
    ' n2',
    'n2\n',
    '.',
    '..',
    '.a',
    'a.',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a/b',
    'ä',
    'a:b',
    'a\0',
  ];
  for (const name of good) it(`takes ${name}`, () => assert.equal(isNodeName(name), true));
  for (const name of [...bad, 'a'.repeat(254)])
    it(`refuses ${JSON.stringify(name)}`, () => assert.equal(isNodeName(name), false));
});
