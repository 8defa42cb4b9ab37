/** What a patch leaves is shared with the cached version, which nobody may change: defaults assign only what is missing. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DecodeError, decode } from '../machinery/schema/decode.ts';
import type { ObjectSchema } from '../machinery/schema/schema.ts';
import { shapedObject } from '../machinery/testing/shaped-objects.ts';
import { kinds } from './kind-table.ts';

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

/** A write has the outermost object and its metadata for itself. */
function freezeParts(object: object): void {
  for (const [name, part] of Object.entries(object)) if (name !== 'metadata') freeze(part);
}

/** The object as decoding gives it; undefined where it is refused. */
function decoded(schema: ObjectSchema, value: object): object | undefined {
  try {
    return decode(schema, value).object;
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

describe('defaults of every kind', () => {
  for (const { kind, group, version, schema, strategy } of kinds) {
    const { setDefaults } = strategy;
    if (setDefaults === undefined) continue;
    it(`assign nothing to a ${kind} of ${group || 'core'}/${version} that has them`, () => {
      const drawn = fc.sample(
        fc.gen().map((g) => shapedObject(g, schema)),
        { numRuns: 100, seed: 1 },
      );
      const objects = drawn.map((value) => decoded(schema, value)).filter((object) => object !== undefined);
      assert.ok(objects.length > 20, `only ${objects.length} objects could be decoded`);
      for (const object of objects) {
        setDefaults(object);
        const complete = structuredClone(object);
        freezeParts(complete);
        setDefaults(complete);
        assert.deepEqual(complete, object);
      }
    });
  }
});
