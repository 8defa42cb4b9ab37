/** OpenAPI 2 (Swagger): one document for the whole API, for older clients and those that want it all at once. */

import type { DescribedResource } from '../schema/described-resource.ts';
import { readDescriptions } from './descriptions.ts';
import { definitionSchema, type JsonSchema, reachableDefinitions, reference } from './json-schema.ts';
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
  const paths = kinds.flatMap(pathsOfKind).sort((a, b) => (a.path < b.path ? -1 : 1));
  const descriptions = readDescriptions();
  const definitions = reachableDefinitions([...definitionsOf(paths), ...kinds.map(({ definition }) => definition)]);
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version },
    paths: Object.fromEntries(paths.map((one) => [one.path, pathItem(one)])),
    definitions: Object.fromEntries(definitions.map((name) => [name, definitionSchema(name, 'v2', descriptions)])),
  };
}

function pathItem({ parameters, operations }: Path): JsonSchema {
  return {
    ...Object.fromEntries(operations.map((operation) => [operation.method, operationObject(operation)])),
    parameters: parameters.map(parameterObject),
  };
}

function parameterObject({ name, in: place, type, description }: Parameter): JsonSchema {
  return { name, in: place, description, type, uniqueItems: true, ...(place === 'path' && { required: true }) };
}

function operationObject(operation: Operation): JsonSchema {
  const { operationId, tag, parameters, body, answer, answerCodes, method } = operation;
  const schema = (definition: string) => reference(definition, 'v2');
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
