/**
 * Writes of every kind in the table, with bodies that follow the kind's schema while their values do not: they pass
 * decoding and reach defaults, admission, validation, updates, tables and patches.
 */

import fc, { type GeneratorValue } from 'fast-check';
import { apiVersionOf } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import { kinds } from '../../kinds/kind-table.ts';
import type { ScalarSchema, Schema } from '../../machinery/schema/schema.ts';
import type { FuzzRequest } from './requests.ts';

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

function objectFor(g: GeneratorValue, schema: Extract<Schema, { type: 'object' }>, depth: number): object {
  const fields = [...schema.fields.values()].filter(({ name, required }) => {
    if (depth === 0 && name !== 'metadata') return name === 'spec' || g(fc.nat, 2) > 0;
    if (depth > 12) return false;
    return required ? g(fc.nat, 30) > 0 : g(fc.nat, 3 + depth) === 0;
  });
  return Object.fromEntries(fields.map(({ name, schema: inner }) => [name, valueFor(g, inner, depth + 1)]));
}

const bodyTypes: Readonly<Record<'POST' | 'PUT' | 'PATCH', readonly string[]>> = {
  POST: ['application/json'],
  PUT: ['application/json'],
  PATCH: ['application/merge-patch+json', 'application/strategic-merge-patch+json', 'application/apply-patch+yaml'],
};

/** Few names, so that the same object is created, changed and read again. */
const names = ['fuzz-0', 'fuzz-1'] as const;

function requestFor(g: GeneratorValue, kind: Kind): FuzzRequest {
  const method: keyof typeof bodyTypes = g(fc.constantFrom, 'POST', 'POST', 'PUT', 'PATCH');
  const name = g(fc.constantFrom, ...names);
  const subresources = kind.subresources.filter(({ verbs }) => verbs.includes('update') || verbs.includes('patch'));
  const subresource = method === 'POST' ? '' : g(fc.constantFrom, '', ...subresources.map((one) => `/${one.name}`));
  const query = g(fc.constantFrom, '', '', 'fieldValidation=Strict', 'dryRun=All', 'force=true');
  const manager = `fieldManager=fuzz&${query}`;
  const path = `${resourcePath(kind)}${method === 'POST' ? '' : `/${name}${subresource}`}?${manager}`;
  return {
    method,
    path,
    headers: {
      accept: g(fc.constantFrom, 'application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io'),
      'content-type': g(fc.constantFrom, ...bodyTypes[method]),
    },
    body: Buffer.from(JSON.stringify(bodyFor(g, kind, name))),
  };
}

function bodyFor(g: GeneratorValue, kind: Kind, name: string): object {
  const object = objectFor(g, kind.schema, 0);
  const given = (object as { metadata?: unknown }).metadata;
  const metadata = { ...(g(fc.boolean) && typeof given === 'object' && given), name };
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata };
}

function resourcePath(kind: Kind): string {
  const root = kind.group === '' ? '/api/v1' : `/apis/${kind.group}/${kind.version}`;
  return `${root}${kind.namespaced ? '/namespaces/default' : ''}/${kind.plural}`;
}

export const shapedRequest: fc.Arbitrary<FuzzRequest> = fc
  .tuple(fc.constantFrom(...kinds), fc.gen())
  .map(([kind, g]) => requestFor(g, kind));

/** Reads of whatever the writes have left: lists and tables of every kind. */
export const readRequests = (): FuzzRequest[] =>
  kinds
    .filter(({ verbs }) => verbs.includes('list'))
    .flatMap((kind) =>
      ['application/json', 'application/json;as=Table;v=v1;g=meta.k8s.io'].map((accept) => ({
        method: 'GET',
        path: resourcePath(kind),
        headers: { accept },
      })),
    );
