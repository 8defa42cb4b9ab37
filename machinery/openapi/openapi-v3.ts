/** OpenAPI 3 as API servers publish it: a document for each group version, and for discovery itself. */

import { apiPathOf, type GroupVersion } from '../../api/resource.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import type { OpenApiDocument } from './document.ts';
import { DocumentDefinitions } from './document-definitions.ts';
import type { JsonSchema } from './json-schema.ts';
import {
  answerMediaTypes,
  entriesOf,
  extensionsOf,
  type Operation,
  type Parameter,
  type Path,
  pathsOfKinds,
} from './operations.ts';

/** `api/v1` or `apis/apps/v1` of a kind. */
export const openApiPathOf = (version: GroupVersion): string => apiPathOf(version).slice(1);

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Documents that describe discovery itself, and what each answers with. Groups of custom kinds alone have none. */
export function discoveryPaths(kinds: readonly DescribedResource[]): ReadonlyMap<string, string> {
  const own = kinds.filter(({ group, description }) => group !== '' && description === undefined);
  const groups = [...new Set(own.map(({ group }) => group))];
  return new Map([
    ['version', 'io.k8s.apimachinery.pkg.version.Info'],
    ['api', `${meta}.APIVersions`],
    ['apis', `${meta}.APIGroupList`],
    ...groups.map((group) => [`apis/${group}`, `${meta}.APIGroup`] as const),
  ]);
}

/** Of one group version: `kinds` are all of it. */
export function openApiDocument(kinds: readonly DescribedResource[], version: string): OpenApiDocument {
  const definitions = new DocumentDefinitions(kinds, 'v3');
  return documentOf(pathsOfKinds(kinds), definitions, version);
}

/** Of what answers at `path` with the definition `answer`. */
export const discoveryDocument = (path: string, answer: string, version: string): OpenApiDocument =>
  documentOf([discoveryPath(path, answer)], new DocumentDefinitions([], 'v3'), version);

const documentOf = (paths: Iterable<Path>, definitions: DocumentDefinitions, version: string): OpenApiDocument => ({
  head: { openapi: '3.0.0', info: { title: 'Kubernetes', version } },
  paths: entriesOf(paths, (path) => pathItem(path, definitions)),
  definitions: definitions.entries(),
});

function discoveryPath(path: string, answer: string): Path {
  const operationId = `get${path.replace(/(?:^|[/.])(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
  const types = { bodyTypes: [], answerTypes: answerMediaTypes };
  const operation: Operation = {
    ...{ method: 'get', operationId, tag: path, parameters: [], answer, answerCodes: [200] },
    ...types,
  };
  return { path: `/${path}${path === 'version' ? '' : '/'}`, parameters: [], operations: [operation] };
}

function pathItem({ parameters, operations }: Path, definitions: DocumentDefinitions): JsonSchema {
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

function operationObject(operation: Operation, definitions: DocumentDefinitions): JsonSchema {
  const { operationId, tag, parameters, body, bodyTypes, answer, answerTypes, answerCodes, method } = operation;
  const content = (definition: string, types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, { schema: definitions.reference(definition) }]));
  return {
    tags: [tag],
    operationId,
    parameters: parameters.map(parameterObject),
    ...(body !== undefined && {
      requestBody: {
        content: content(body, bodyTypes),
        required: method !== 'delete',
      },
    }),
    responses: {
      ...Object.fromEntries(
        answerCodes.map((code) => [
          String(code),
          { description: statusTexts[code] ?? 'OK', content: content(answer, answerTypes) },
        ]),
      ),
      '401': { description: 'Unauthorized' },
    },
    ...extensionsOf(operation),
  };
}

const statusTexts: Readonly<Record<number, string>> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };
