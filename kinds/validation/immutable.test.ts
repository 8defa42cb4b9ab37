import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { labelSelectorDefinition, validateImmutableStruct } from './immutable.ts';

describe('fields that stay as they were created', () => {
  it('take nothing for an empty list or map', () => {
    const errors = new FieldErrors();
    const path = FieldPath.of('spec', 'selector');
    validateImmutableStruct(labelSelectorDefinition, { matchLabels: {} }, {}, path, errors);
    assert.deepEqual(errors.list, []);
    validateImmutableStruct(labelSelectorDefinition, undefined, {}, path, errors);
    assert.deepEqual(
      errors.list.map(({ message }) => message),
      ['Invalid value: null: field is immutable'],
    );
  });
});
