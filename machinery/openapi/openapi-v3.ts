/**
 * OpenAPI 3 as API servers publish it: an index of group versions, and one document for each. The index names documents
 * by hash, so that clients may keep them for ever. Documents are made when they are asked for.
 */

import { createHash } from 'node:crypto';
import { apiPathOf, type GroupVersion } from '../../api/resource.ts';
import { compareText } from '../../base/compare.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { isPublished, openApiFacts } from '../schema/schema.ts';
import { readDescriptions } from './descriptions.ts';
import {
  type Definitions,
  definitionSchema,
  definitionsFor,
  type JsonSchema,
  reachableDefinitions,
  referenceIn,
} from './json-schema.ts';
import {
  answerMediaTypes,
  extensionsOf,
  type Operation,
  type Parameter,
  type Path,
  patchMediaTypes,
  pathsOfKind,
} from './operations.ts';

/** `api/v1` or `apis/apps/v1` of a kind. */
const openApiPathOf = (version: GroupVersion): string => apiPathOf(version).slice(1);

/** Documents that describe discovery itself, and what each answers with. */
function discoveryPaths(kinds: readonly DescribedResource[]): Map<string, string> {
  const groups = [...new Set(kinds.map(({ group }) => group))].filter((group) => group !== '');
  return new Map([
    ['version', 'io.k8s.apimachinery.pkg.version.Info'],
    ['api', `${meta}.APIVersions`],
    ['apis', `${meta}.APIGroupList`],
    ...groups.map((group) => [`apis/${group}`, `${meta}.APIGroup`] as const),
  ]);
}

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** The answer to `/openapi/v3`: where each group version's document is. */
export function openApiIndex(kinds: readonly DescribedResource[]): {
  paths: Record<string, { serverRelativeURL: string }>;
} {
  const paths = [...new Set([...discoveryPaths(kinds).keys(), ...kinds.map(openApiPathOf)])].sort();
  return {
    paths: Object.fromEntries(
      paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${openApiHash(kinds, path)}` }]),
    ),
  };
}

let factsHash: string | undefined;

/** Changes whenever the document at `path` may have changed; an empty path stands for the whole API. */
export function openApiHash(kinds: readonly DescribedResource[], path: string): string {
  factsHash ??= createHash('sha256')
    .update(JSON.stringify([openApiFacts(), readDescriptions()]))
    .digest('hex');
  const rows = kinds.filter((kind) => path === '' || openApiPathOf(kind) === path);
  return createHash('sha512')
    .update(JSON.stringify([factsHash, path, rows.map(pathsOfKind), ownDefinitionsOf(rows)]))
    .digest('hex')
    .toUpperCase();
}

/** What rows look like that the facts say nothing of. */
const ownDefinitionsOf = (rows: readonly DescribedResource[]): unknown[] =>
  rows.map(({ schema }) => schema).flatMap(({ definition, fact }) => (isPublished(definition) ? [] : [fact]));

/** The document at `path` (`apis/apps/v1`), as JSON text; undefined when there is none. */
export function openApiDocument(
  kinds: readonly DescribedResource[],
  path: string,
  version: string,
): string | undefined {
  const rows = kinds.filter((kind) => openApiPathOf(kind) === path);
  const discovered = discoveryPaths(kinds).get(path);
  if (discovered !== undefined) return documentOf([discoveryPath(path, discovered)], [], version);
  if (rows.length === 0) return undefined;
  const paths = rows.flatMap(pathsOfKind).sort((a, b) => compareText(a.path, b.path));
  return documentOf(paths, rows, version);
}

function documentOf(paths: readonly Path[], kinds: readonly DescribedResource[], version: string): string {
  const descriptions = readDescriptions();
  const definitions = definitionsFor(kinds);
  const roots = [...definitionsOf(paths), ...kinds.map(({ schema }) => schema.definition)];
  return JSON.stringify({
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths.map((one) => [one.path, pathItem(one, definitions)])),
    components: {
      schemas: Object.fromEntries(
        reachableDefinitions(roots, definitions).map((entry) => [
          entry[0],
          definitionSchema(entry, 'v3', descriptions),
        ]),
      ),
    },
  });
}

function discoveryPath(path: string, answer: string): Path {
  const operationId = `get${path.replace(/(?:^|[/.])(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  const operation: Operation = { method: 'get', operationId, tag: path, parameters: [], answer, answerCodes: [200] };
  return { path: `/${path}${path === 'version' ? '' : '/'}`, parameters: [], operations: [operation] };
}

/** The definitions that requests and answers are made of. */
export function definitionsOf(paths: readonly Path[]): string[] {
  return paths.flatMap(({ operations }) =>
    operations.flatMap(({ body, answer }) => (body === undefined ? [answer] : [body, answer])),
  );
}

function pathItem({ parameters, operations }: Path, definitions: Definitions): JsonSchema {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(operation, definitions)])),
    parameters: parameters.map(parameterObject),
  };
}

function parameterObject({ name, in: place, type, description }: Parameter): JsonSchema {
  return {
    name,
    in: place,
    description,
    ...(place === 'path' && { required: true }),
    schema: { type, uniqueItems: true },
  };
}

function operationObject(operation: Operation, definitions: Definitions): JsonSchema {
  const { operationId, tag, parameters, body, answer, answerCodes, method } = operation;
  const content = (definition: string, types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: referenceIn(definitions, definition, 'v3') }]));
  return {
    tags: [tag],
    operationId,
    parameters: parameters.map(parameterObject),
    ...(body !== undefined && {
      requestBody: {
        content: content(body, method === 'patch' ? patchMediaTypes : ['*/*']),
        required: method !== 'delete',
      },
    }),
    responses: {
      ...Object.fromEntries(
        answerCodes.map((code) => [
          String(code),
          { description: statusTexts[code] ?? 'OK', content: content(answer, answerMediaTypes) },
        ]),
      ),
      '401': { description: 'Unauthorized' },
    },
    ...extensionsOf(operation),
  };
}

const statusTexts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
