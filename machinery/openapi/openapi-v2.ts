/** OpenAPI 2 (Swagger): one document for the whole API, for older clients and those that want it all at once. */

import { compareText } from '../../base/compare.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { readDescriptions } from './descriptions.ts';
import {
  type Definitions,
  definitionSchema,
  definitionsFor,
  type JsonSchema,
  reachableDefinitions,
  referenceIn,
} from './json-schema.ts';
import { definitionsOf } from './openapi-v3.ts';
import {
  answerMediaTypes,
  extensionsOf,
  type Operation,
  type Parameter,
  type Path,
  patchMediaTypes,
  pathsOfKind,
} from './operations.ts';

export interface SwaggerDocument {
  readonly swagger: '2.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, JsonSchema>>;
  readonly definitions: Readonly<Record<string, JsonSchema>>;
}

export function swaggerDocument(kinds: readonly DescribedResource[], version: string): SwaggerDocument {
  const paths = kinds.flatMap(pathsOfKind).sort((a, b) => compareText(a.path, b.path));
  const descriptions = readDescriptions();
  const definitions = definitionsFor(kinds);
  const roots = [...definitionsOf(paths), ...kinds.map(({ schema }) => schema.definition)];
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths.map((one) => [one.path, pathItem(one, definitions)])),
    definitions: Object.fromEntries(
      reachableDefinitions(roots, definitions).map((entry) => [entry[0], definitionSchema(entry, 'v2', descriptions)]),
    ),
  };
}

function pathItem({ parameters, operations }: Path, definitions: Definitions): JsonSchema {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(operation, definitions)])),
    parameters: parameters.map(parameterObject),
  };
}

function parameterObject({ name, in: place, type, description }: Parameter): JsonSchema {
  return { name, in: place, description, type, uniqueItems: true, ...(place === 'path' && { required: true }) };
}

function operationObject(operation: Operation, definitions: Definitions): JsonSchema {
  const { operationId, tag, parameters, body, answer, answerCodes, method } = operation;
  const schema = (definition: string) => referenceIn(definitions, definition, 'v2');
  const bodyParameter =
    body === undefined ? [] : [{ in: 'body', name: 'body', required: method !== 'delete', schema: schema(body) }];
  return {
    consumes: method === 'patch' ? patchMediaTypes : ['*/*'],
    produces: answerMediaTypes,
    schemes: ['https'],
    tags: [tag],
    operationId,
    parameters: [...bodyParameter, ...parameters.map(parameterObject)],
    responses: {
      ...Object.fromEntries(answerCodes.map((code) => [String(code), { description: 'OK', schema: schema(answer) }])),
      '401': { description: 'Unauthorized' },
    },
    ...extensionsOf(operation),
  };
}
