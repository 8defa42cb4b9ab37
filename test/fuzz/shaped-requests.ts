/**
 * Writes of every kind in the table, with bodies that follow the kind's schema while their values do not: they pass
 * decoding and reach defaults, admission, validation, updates, tables and patches.
 */

import fc, { type GeneratorValue } from 'fast-check';
import { apiVersionOf } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { shapedObject } from '../../machinery/testing/shaped-objects.ts';
import type { FuzzRequest } from './requests.ts';

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
  const object = shapedObject(g, kind.schema);
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
