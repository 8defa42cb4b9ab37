import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors, FieldPath } from '../field-errors.ts';
import { isSameWhenStored, labelSelectorDefinition, validateImmutableStruct } from './immutable.ts';

const podSpec = 'io.k8s.api.core.v1.PodSpec';

describe('what would be stored as the same', () => {
  const table: [string, string, object | undefined, object | undefined, boolean][] = [
    ['an empty list and none', labelSelectorDefinition, { matchExpressions: [] }, {}, true],
    ['an empty map and none', labelSelectorDefinition, { matchLabels: {} }, {}, true],
    ['a required list that is empty, and null', podSpec, { containers: [] }, { containers: null }, true],
    ['an empty struct and none', podSpec, { securityContext: {} }, {}, false],
    ['other values', labelSelectorDefinition, { matchLabels: { a: 'b' } }, { matchLabels: { a: 'c' } }, false],
    ['nothing and something', labelSelectorDefinition, undefined, {}, false],
    ['nothing and nothing', labelSelectorDefinition, undefined, undefined, true],
  ];
  for (const [what, definition, a, b, same] of table) {
    it(`${same ? 'is' : 'is not'}: ${what}`, () => assert.equal(isSameWhenStored(definition, a, b), same));
  }

  it('is no change of an immutable struct', () => {
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
