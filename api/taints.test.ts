import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tolerates, toleratesTaint } from './taints.ts';
import type { Taint, Toleration } from './types/core/v1.ts';

const noSchedule = (key: string, value?: string): Taint => ({
  key,
  effect: 'NoSchedule',
  ...(value !== undefined && { value }),
});

describe('a toleration covers a taint', () => {
  const cases: readonly (readonly [title: string, toleration: Toleration, taint: Taint, covered: boolean])[] = [
    ['equal key, value and effect', { key: 'k', value: 'v', effect: 'NoSchedule' }, noSchedule('k', 'v'), true],
    ['Equal written out', { key: 'k', operator: 'Equal', value: 'v' }, noSchedule('k', 'v'), true],
    ['empty operator is Equal', { key: 'k', operator: '', value: 'v' }, noSchedule('k', 'v'), true],
    ['another value', { key: 'k', value: 'w' }, noSchedule('k', 'v'), false],
    ['no value does not equal a value', { key: 'k' }, noSchedule('k', 'v'), false],
    ['no value equals no value', { key: 'k' }, noSchedule('k'), true],
    ['an empty value equals no value', { key: 'k', value: '' }, noSchedule('k'), true],
    ['another key', { key: 'l', operator: 'Exists' }, noSchedule('k'), false],
    ['keys are case sensitive', { key: 'K', operator: 'Exists' }, noSchedule('k'), false],
    ['Exists takes any value', { key: 'k', operator: 'Exists' }, noSchedule('k', 'v'), true],
    ['Exists without a key takes any taint', { operator: 'Exists' }, noSchedule('k', 'v'), true],
    ['of one effect', { operator: 'Exists', effect: 'NoExecute' }, noSchedule('k', 'v'), false],
    ['no effect covers every effect', { key: 'k', operator: 'Exists' }, { key: 'k', effect: 'NoExecute' }, true],
    ['empty effect covers every effect', { key: 'k', operator: 'Exists', effect: '' }, noSchedule('k'), true],
    ['Equal needs a key', { operator: 'Equal', value: '' }, noSchedule('k'), false],
    ['Gt: the taint has more', { key: 'k', operator: 'Gt', value: '900' }, noSchedule('k', '950'), true],
    ['Gt: the taint has as much', { key: 'k', operator: 'Gt', value: '900' }, noSchedule('k', '900'), false],
    ['Gt: compared as numbers, not as text', { key: 'k', operator: 'Gt', value: '9' }, noSchedule('k', '10'), true],
    ['Gt: negative numbers', { key: 'k', operator: 'Gt', value: '-5' }, noSchedule('k', '-4'), true],
    ['Lt: the taint has less', { key: 'k', operator: 'Lt', value: '900' }, noSchedule('k', '800'), true],
    ['Lt: the taint has as much', { key: 'k', operator: 'Lt', value: '900' }, noSchedule('k', '900'), false],
    ['Gt needs a key', { operator: 'Gt', value: '1' }, noSchedule('k', '2'), false],
    ['Gt: a taint without a number', { key: 'k', operator: 'Gt', value: '1' }, noSchedule('k', 'high'), false],
    ['Lt: a taint without a value', { key: 'k', operator: 'Lt', value: '1' }, noSchedule('k'), false],
    ['Lt: a toleration without a number', { key: 'k', operator: 'Lt', value: 'x' }, noSchedule('k', '1'), false],
    ['Gt: no fractions', { key: 'k', operator: 'Gt', value: '1' }, noSchedule('k', '1.5'), false],
    [
      'Gt: the largest 64-bit integers differ',
      { key: 'k', operator: 'Gt', value: '9223372036854775806' },
      noSchedule('k', '9223372036854775807'),
      true,
    ],
    [
      'Gt: more than 64 bits is no number',
      { key: 'k', operator: 'Gt', value: '1' },
      noSchedule('k', '9223372036854775808'),
      false,
    ],
    ['an unknown operator covers nothing', { key: 'k', operator: 'Like', value: 'v' }, noSchedule('k', 'v'), false],
  ];
  for (const [title, toleration, taint, covered] of cases)
    it(title, () => assert.equal(toleratesTaint(toleration, taint), covered));
});

describe('tolerations together', () => {
  it('cover a taint when one of them does', () => {
    assert.equal(tolerates([{ key: 'a' }, { key: 'k', operator: 'Exists' }], noSchedule('k', 'v')), true);
    assert.equal(tolerates([{ key: 'a' }, { key: 'b' }], noSchedule('k')), false);
  });

  it('cover nothing when there are none', () => {
    assert.equal(tolerates([], noSchedule('k')), false);
    assert.equal(tolerates(undefined, noSchedule('k')), false);
  });
});
