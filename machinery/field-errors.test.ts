import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors, FieldPath } from './field-errors.ts';

const path = FieldPath.of('spec', 'list');

describe('field errors', () => {
  it('say which field is wrong, and why', () => {
    const errors = new FieldErrors();
    errors.invalid(path.index(0), 'x', 'must be y');
    errors.required(path.key('k'));
    assert.deepEqual(errors.list, [
      { reason: 'FieldValueInvalid', field: 'spec.list[0]', message: 'Invalid value: "x": must be y' },
      { reason: 'FieldValueRequired', field: 'spec.list[k]', message: 'Required value' },
    ]);
  });

  it('are a thousand at most', () => {
    const errors = new FieldErrors();
    for (let i = 0; i < 5000; i += 1) errors.duplicate(path.index(i), 'x');
    assert.equal(errors.list.length, 1000);
    assert.equal(errors.list.at(-1)?.field, 'spec.list[999]');
  });

  it('do not show a large object again and again', () => {
    const errors = new FieldErrors();
    const large = { text: 'x'.repeat(200_000) };
    for (let i = 0; i < 1000; i += 1) errors.invalid(path.index(i), large, 'no');
    assert.equal(errors.list.length, 2);
  });
});
