/** Objects that follow a schema while their values do not: they pass decoding, and reach what comes after it. */

import fc, { type GeneratorValue } from 'fast-check';
import type { ObjectSchema, ScalarSchema, Schema } from '../schema/schema.ts';

/** Values of the right JSON type. The first few are harmless; what is strange comes after. */
const scalars: Readonly<Record<ScalarSchema['type'], readonly unknown[]>> = {
  string: [
    ...['a', 'fuzz-1', 'v1', 'TCP', 'Always', 'RollingUpdate', 'NodePort', 'ClusterIP', 'Exists', 'In', 'Filesystem'],
    ...[
      '',
      ' ',
      '*',
      'UPPER',
      'a/b',
      'a/b/c',
      '../x',
      '/',
      '/abs',
      'a'.repeat(254),
      '10%',
      '-1',
      '__proto__',
      'constructor',
      '\u0000',
    ],
    ...[
      '10.0.0.1',
      '10.0.0.0/24',
      '::1',
      'fd00::/8',
      '256.1.1.1',
      '* * * * *',
      '@hourly',
      'https://h:99999/%',
      '{{',
      '(',
    ],
    ...['2026-01-01T00:00:00Z', 'kubernetes.io/x', 'system:node:a', '$(A)', '{.spec', 'self.x ==', 'é', '🦜'],
  ],
  boolean: [true, false],
  int32: [1, 0, 2, 80, -1, 65_535, 65_536, 2_147_483_647, -2_147_483_648],
  int64: [1, 0, 30, -1, 2_147_483_648, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER],
  double: [1, 0.5, -1, 1e300],
  bytes: ['', 'eA==', 'QUJD'],
  quantity: ['1', '100m', '1Gi', '0', '-1', 5, '1e3', '9223372036854775808', '0.0000000001'],
  'int-or-string': [1, '25%', 0, -1, '', '101%', 'http', '%'],
  time: ['2026-01-01T00:00:00Z', null, '9999-12-31T23:59:59Z'],
  'micro-time': ['2026-01-01T00:00:00.000000Z', null],
  raw: [{}, { a: 1 }, [], 'x', null, { kind: 'Pod', apiVersion: 'v1' }, { properties: { a: { type: 'object' } } }],
};

const mapKeys = ['a', 'cpu', 'memory', 'app', 'a/b', '', 'UPPER !', '__proto__', 'constructor'] as const;
/** What may stand anywhere although its type is wrong. */
const misfits: readonly unknown[] = [null, '', 0, [], {}, [null], true];

function valueFor(g: GeneratorValue, schema: Schema, depth: number): unknown {
  if (g(fc.nat, 60) === 0) return g(fc.constantFrom, ...misfits);
  switch (schema.type) {
    case 'object':
      return objectFor(g, schema, depth);
    case 'map': {
      const keys = Array.from({ length: g(fc.nat, 2) }, () => g(fc.constantFrom, ...mapKeys));
      return Object.fromEntries(keys.map((key) => [key, valueFor(g, schema.values, depth + 1)]));
    }
    case 'list':
      return Array.from({ length: g(fc.nat, depth > 6 ? 1 : 2) }, () => valueFor(g, schema.items, depth + 1));
    default:
      return g(fc.constantFrom, ...scalars[schema.type]);
  }
}

/** An object of `schema`; now and then a value in it has the wrong type. */
export const shapedObject = (g: GeneratorValue, schema: ObjectSchema): object => objectFor(g, schema, 0);

function objectFor(g: GeneratorValue, schema: ObjectSchema, depth: number): object {
  const fields = [...schema.fields.values()].filter(({ name, required }) => {
    if (depth === 0 && name !== 'metadata') return name === 'spec' || g(fc.nat, 2) > 0;
    if (depth > 12) return false;
    return required ? g(fc.nat, 30) > 0 : g(fc.nat, 3 + depth) === 0;
  });
  return Object.fromEntries(fields.map(({ name, schema: inner }) => [name, valueFor(g, inner, depth + 1)]));
}
