/**
 * Schemas and values that nobody would write: nothing throws, nothing is done twice, and what is unchanged is not
 * refused. Each round is decided by its seed.
 */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { copyJson, equalJson, type JsonRecord } from '../../api/json-record.ts';
import { FieldErrors } from '../field-errors.ts';
import type { JsonSchema } from './json-schema.ts';
import { compileSchema, type StructuralSchema } from './structural-schema.ts';

const rounds = 400;
const embeddedRules = { checkKind: () => [], validateMetadata: () => {} };

/** A small generator of numbers (mulberry32): the same for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Maker {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = chance(seed);
  }

  #below(limit: number): number {
    return Math.floor(this.#next() * limit);
  }

  #pick<T>(first: T, ...others: T[]): T {
    return [first, ...others][this.#below(others.length + 1)] ?? first;
  }

  #maybe(part: JsonSchema): JsonSchema {
    return this.#next() < 0.3 ? part : {};
  }

  readonly #names = ['a', 'b', 'k', '__proto__', 'metadata', 'constructor'] as const;

  schema(depth = 4): JsonSchema {
    const kind = depth === 0 ? this.#below(4) : this.#below(8);
    return {
      ...this.#shape(kind, depth),
      ...this.#maybe({ nullable: true }),
      ...this.#maybe({ default: this.value(2) }),
    };
  }

  #shape(kind: number, depth: number): JsonSchema {
    switch (kind) {
      case 0:
        return {
          type: 'string',
          ...this.#maybe({ maxLength: this.#below(4) }),
          ...this.#maybe({ pattern: this.#pick('^(a+)+$', '(', 'b') }),
          ...this.#maybe({ format: this.#pick('date', 'ipv4', 'uri', 'email', 'duration', 'byte', 'none') }),
        };
      case 1:
        return {
          type: this.#pick('integer', 'number'),
          ...this.#maybe({ minimum: this.#pick(0.5, -1, 1e300), multipleOf: this.#pick(0, 2, 0.1) }),
          ...this.#maybe({ enum: [1, 'a', null] }),
        };
      case 2:
        return { 'x-kubernetes-int-or-string': true };
      case 3:
        return { 'x-kubernetes-preserve-unknown-fields': true };
      case 4:
        return {
          type: 'array',
          items: this.schema(depth - 1),
          ...this.#maybe({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }),
          ...this.#maybe({ 'x-kubernetes-list-type': 'set', maxItems: 2 }),
        };
      case 5:
        return { type: 'object', additionalProperties: this.#pick<JsonSchema | boolean>(true, this.schema(depth - 1)) };
      default:
        return {
          type: 'object',
          properties: Object.fromEntries(
            this.#names.slice(0, this.#below(5)).map((name) => [name, this.schema(depth - 1)]),
          ),
          ...this.#maybe({ 'x-kubernetes-embedded-resource': true }),
          ...this.#maybe({ 'x-kubernetes-preserve-unknown-fields': true }),
          ...this.#maybe({ required: ['a'] }),
          ...this.#maybe({ anyOf: [{ required: ['b'] }, { properties: { a: { minimum: 3 } } }] }),
          ...this.#maybe({ oneOf: [{ minProperties: 2 }, {}], not: { maxProperties: 0 } }),
        };
    }
  }

  value(depth = 5): unknown {
    switch (this.#below(depth === 0 ? 5 : 8)) {
      case 0:
        return null;
      case 1:
        return this.#pick(0, -1, 1.5, 1e300, 2 ** 53);
      case 2:
        return this.#pick('', 'a', 'äöü😀', '2020-01-01', '1.2.3.4', 'x'.repeat(50));
      case 3:
        return this.#next() < 0.5;
      case 4:
        return { k: this.#pick('x', 'y') };
      case 5:
        return Array.from({ length: this.#below(4) }, () => this.value(depth - 1));
      default:
        return Object.fromEntries(
          [...this.#names, 'zz'].filter(() => this.#next() < 0.5).map((name) => [name, this.value(depth - 1)]),
        );
    }
  }
}

function forEachRound(check: (compiled: StructuralSchema, object: JsonRecord) => void): void {
  for (let seed = 0; seed < rounds; seed += 1) {
    const maker = new Maker(seed);
    const schema: JsonSchema = { type: 'object', properties: { spec: maker.schema() } };
    const compiled = compileSchema(schema, { definition: 'x.v1.Y', gvk: ['x', 'v1', 'Y'], embeddedRules });
    try {
      check(compiled, { apiVersion: 'x/v1', kind: 'Y', spec: maker.value() });
    } catch (error) {
      throw new Error(`Round ${seed}`, { cause: error });
    }
  }
}

describe('any schema and any value', () => {
  it('are pruned once', () =>
    forEachRound((compiled, object) => {
      compiled.prune(object);
      const once = copyJson(object);
      assert.equal(compiled.prune(object), false);
      assert.deepEqual(object, once);
    }));

  it('are changed exactly when that is said', () =>
    forEachRound((compiled, object) => {
      const before = copyJson(object);
      assert.equal(compiled.readStored(object), !equalJson(object, before));
    }));

  it('get their defaults once', () =>
    forEachRound((compiled, object) => {
      compiled.readStored(object);
      const once = copyJson(object);
      compiled.setDefaults(object);
      assert.deepEqual(object, once);
    }));

  it('are told of in words of a bounded number', () =>
    forEachRound((compiled, object) => {
      compiled.readStored(object);
      const errors = new FieldErrors();
      compiled.validate({ object, previous: undefined }, errors);
      assert.ok(errors.list.every(({ field, message }) => field !== '' && message !== ''));
    }));

  it('of a wrong type or length are not refused while they are unchanged', () =>
    forEachRound((compiled, object) => {
      compiled.readStored(object);
      const { spec } = object;
      const before = new FieldErrors();
      compiled.validate({ object, previous: undefined }, before);
      const errors = new FieldErrors();
      compiled.validate({ object, previous: { ...object, spec: copyJson(spec) } }, errors);
      // What is a plain value is the same by itself, whatever stands around it.
      const plain = typeof spec !== 'object' || spec === null;
      assert.ok(errors.list.length <= before.list.length);
      if (plain) assert.deepEqual(errors.list, []);
    }));
});

describe('values that are very large', () => {
  const schema: JsonSchema = {
    type: 'object',
    properties: {
      spec: { type: 'array', items: { type: 'string', pattern: '^(a+)+$' }, 'x-kubernetes-list-type': 'set' },
    },
  };
  it('are told of as far as anybody reads', () => {
    const compiled = compileSchema(schema, { definition: 'x.v1.Y', gvk: ['x', 'v1', 'Y'], embeddedRules });
    const spec = Array.from({ length: 20_000 }, (_, index) => `a${index}`);
    const errors = new FieldErrors();
    compiled.validate({ object: { spec }, previous: undefined }, errors);
    assert.equal(errors.list.length, 1000);
  });
});
