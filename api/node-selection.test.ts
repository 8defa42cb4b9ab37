import assert from 'node:assert/strict';
import { it } from 'node:test';
import { matchesRequiredNodes, matchesTerm } from './node-selection.ts';

it('a node has no label that nobody gave it, whatever it is called', () => {
  const bare = { name: 'a', labels: {} };
  const labelled = { name: 'b', labels: { constructor: 'x' } };
  const term = { matchExpressions: [{ key: 'constructor', operator: 'Exists' }] };
  assert.equal(matchesTerm(term, bare), false);
  assert.equal(matchesTerm(term, labelled), true);
  const absent = { matchExpressions: [{ key: 'toString', operator: 'DoesNotExist' }] };
  assert.equal(matchesTerm(absent, bare), true);
  assert.equal(matchesRequiredNodes({ containers: [], nodeSelector: { constructor: 'x' } }, bare), false);
  assert.equal(matchesRequiredNodes({ containers: [], nodeSelector: { constructor: 'x' } }, labelled), true);
});
