import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maxErrors } from '../field-errors.ts';
import { conflictError } from './conflict-error.ts';
import { type FieldSet, setOfAll } from './field-set.ts';
import { identityOf, type Manager } from './managers.ts';

const managerOf = (name: string): Manager => ({
  ...{ name, operation: 'Apply', apiVersion: 'v1', subresource: '', fields: {}, time: undefined },
});

function errorFor(conflicts: Readonly<Record<string, FieldSet>>) {
  const named = Object.entries(conflicts).map(([name, fields]) => [managerOf(name), fields] as const);
  const managers = new Map(named.map(([manager]) => [identityOf(manager), manager]));
  return conflictError(new Map(named.map(([manager, fields]) => [identityOf(manager), fields])), managers);
}

const fields = (count: number): FieldSet =>
  setOfAll(Array.from({ length: count }, (_, index) => ['f:data', `f:k${index}`]));

describe('conflicts of an apply', () => {
  it('are told by their owners', () => {
    const { message, status } = errorFor({ b: fields(1), a: fields(2) });
    assert.equal(
      message,
      'Apply failed with 3 conflicts: conflicts with "a":\n- .data.k0\n- .data.k1\nconflicts with "b":\n- .data.k0',
    );
    assert.equal(status.details?.causes?.length, 3);
  });

  it('are all counted, and told as far as anybody reads', () => {
    const { message, status } = errorFor({ a: fields(maxErrors + 5) });
    assert.match(message, /^Apply failed with 1005 conflicts: /);
    assert.match(message, /\nand 5 more$/);
    assert.equal(status.details?.causes?.length, maxErrors);
  });
});
