import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { labelSelectorText, readLabelSelector } from './label-selector-text.ts';

describe('the text of a label selector', () => {
  const cases: readonly (readonly [text: string, matches: Record<string, string>, not: Record<string, string>])[] = [
    ['app=web', { app: 'web' }, { app: 'api' }],
    ['app == web', { app: 'web' }, {}],
    ['app!=web', {}, { app: 'web' }],
    ['tier in (a,b),app=web', { tier: 'b', app: 'web' }, { tier: 'c', app: 'web' }],
    ['tier notin (a, b)', { tier: 'c' }, { tier: 'b' }],
    ['example.com/x', { 'example.com/x': '' }, {}],
    ['!old', {}, { old: 'yes' }],
    ['empty=', { empty: '' }, { empty: 'x' }],
  ];
  for (const [text, matches, not] of cases)
    it(`is read: ${text}`, () => {
      assert.ok(matchesLabelSelector(readLabelSelector(text), matches));
      assert.ok(!matchesLabelSelector(readLabelSelector(text), not));
    });

  it('is read as it was written', () => {
    const selector = {
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'old', operator: 'DoesNotExist' },
        { key: 'new', operator: 'Exists' },
        { key: 'zone', operator: 'NotIn', values: ['c'] },
      ],
    };
    const [first, ...rest] = readLabelSelector(labelSelectorText(selector))?.matchExpressions ?? [];
    assert.deepEqual(first, { key: 'app', operator: 'In', values: ['web'] });
    assert.deepEqual(rest, selector.matchExpressions);
  });

  for (const text of ['n>5', 'a=b c', 'a in b', 'a=(b)', 'a in (b', '=b'])
    it(`is left to the API server: ${text}`, () => assert.equal(readLabelSelector(text), undefined));
});
