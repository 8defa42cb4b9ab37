/** Schemas that come while the server runs: Go has no struct of theirs, so nothing is left out or filled in. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DecodeError, decode } from './decode.ts';
import { encode } from './encode.ts';
import { defineSchema, isPublished } from './schema.ts';
import { isSemanticallyEqual } from './semantic-equality.ts';

const item = { type: 'object', properties: { name: { type: 'string' }, tty: { type: 'boolean' } } };
// The name's last parts are those of a published definition, whose rules are not its own.
const schema = defineSchema('dev.example.v1.Container', {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    tty: { type: 'boolean' },
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer' },
        text: { type: 'string' },
        items: { type: 'array', items: item },
        byName: { type: 'object', additionalProperties: item },
        anything: { type: 'object' },
      },
    },
  },
});

const identity = { apiVersion: 'example.dev/v1', kind: 'Container' };

function stored(rest: object): unknown {
  const { object } = decode(schema, { ...identity, ...rest });
  encode(schema, object);
  return object;
}

describe('a schema that nobody has published', () => {
  it('is none of the facts', () => assert.ok(!isPublished(schema.definition)));

  const kept: Record<string, object> = {
    'false and zero': { tty: false, spec: { size: 0 } },
    'empty texts, lists and maps': { spec: { size: 1, text: '', items: [], byName: {} } },
    'what is inside of lists and maps': {
      spec: { size: 1, items: [{ name: '', tty: false }], byName: { a: { tty: false } } },
    },
    'what has no fields': { spec: { size: 1, anything: { a: [null, {}] } } },
    'a spec without what it must have: to say so is the business of validation': { spec: {} },
  };
  for (const [what, given] of Object.entries(kept)) {
    it(`keeps ${what}`, () => assert.deepEqual(stored(given), { ...identity, metadata: {}, ...given }));
  }

  it('shows metadata, and leaves out of it what Go does', () => {
    const metadata = { name: 'a', labels: {}, ownerReferences: [], generateName: '' };
    assert.deepEqual(stored({ metadata }), { ...identity, metadata: { name: 'a' } });
  });

  it('names unknown fields and wrong types at any depth', () => {
    const { strictErrors } = decode(schema, { ...identity, nope: 1, spec: { size: 1, items: [{ nope: 1 }] } });
    assert.deepEqual(strictErrors, ['unknown field "nope"', 'unknown field "spec.items[0].nope"']);
    assert.throws(() => decode(schema, { ...identity, spec: { size: 'x' } }), DecodeError);
  });

  it('tells whether two objects mean the same', () => {
    assert.ok(isSemanticallyEqual(schema, { spec: { size: 1, items: [] } }, { spec: { items: [], size: 1 } }));
    assert.ok(!isSemanticallyEqual(schema, { tty: false }, {}));
  });
});
