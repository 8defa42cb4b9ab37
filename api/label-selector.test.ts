import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchesLabelSelector } from './label-selector.ts';
import type { LabelSelector } from './types/meta/v1.ts';

const labels = { app: 'web', tier: 'front' };
const expression = (key: string, operator: string, ...values: string[]): LabelSelector => ({
  matchExpressions: [{ key, operator, values }],
});

describe('label selector', () => {
  const cases: [string, LabelSelector | null | undefined, boolean][] = [
    ['nothing', undefined, false],
    ['nothing, stored as null', null, false],
    ['everything', {}, true],
    ['equal labels', { matchLabels: { app: 'web' } }, true],
    ['another value', { matchLabels: { app: 'db' } }, false],
    ['In', expression('app', 'In', 'db', 'web'), true],
    ['In without the label', expression('zone', 'In', 'a'), false],
    ['NotIn', expression('app', 'NotIn', 'web'), false],
    ['NotIn without the label', expression('zone', 'NotIn', 'a'), true],
    ['Exists', expression('tier', 'Exists'), true],
    ['DoesNotExist', expression('tier', 'DoesNotExist'), false],
    ['an unknown operator', expression('tier', 'Like', 'f'), false],
    ['all parts together', { matchLabels: { app: 'web' }, ...expression('tier', 'In', 'back') }, false],
  ];
  for (const [name, selector, expected] of cases) {
    it(`matches ${name}: ${expected}`, () => assert.equal(matchesLabelSelector(selector, labels), expected));
  }
});
