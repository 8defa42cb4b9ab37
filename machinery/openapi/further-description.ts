/**
 * What another server says in OpenAPI 2 of the version that it serves behind this one: the paths of that version, and
 * the definitions that they lead to. It may say what it likes: what cannot be passed on is not read. Pure.
 */

import { createHash } from 'node:crypto';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { jsonPieces, type OpenApiDocument } from './document.ts';
import { swaggerForm } from './gnostic.ts';
import { protobufPieces } from './gnostic-pieces.ts';
import type { JsonSchema } from './json-schema.ts';

export interface FurtherDescription {
  /** Changes with what is said. */
  readonly hash: string;
  readonly paths: ReadonlyMap<string, JsonSchema>;
  readonly definitions: ReadonlyMap<string, JsonSchema>;
}

/** `path`: of the version, as `/apis/wardle.example.com/v1alpha1`. Undefined: it is no description of that. */
export function readFurtherDescription(text: string, path: string): FurtherDescription | undefined {
  const document: unknown = JSON.parse(text);
  if (!isRecord(document) || document.swagger !== '2.0' || !isRecord(document.paths)) return undefined;
  const parameters = recordAt(document, 'parameters');
  const paths = new Map<string, JsonSchema>();
  for (const [name, item] of Object.entries(document.paths))
    if (isRecord(item) && (name === path || name.startsWith(`${path}/`)))
      paths.set(name, asSchema(withParameters(item, parameters)));
  const definitions = reachable([...paths.values()], recordAt(document, 'definitions'));
  const description = { hash: createHash('sha512').update(text).digest('hex').toUpperCase(), paths, definitions };
  return canBeWritten(description) ? description : undefined;
}

/** One document after the other; of a name that several define, the first counts. */
export function withDescriptions(document: OpenApiDocument, further: readonly FurtherDescription[]): OpenApiDocument {
  if (further.length === 0) return document;
  return {
    head: document.head,
    paths: merged(document.paths, further, 'paths'),
    definitions: merged(document.definitions, further, 'definitions'),
  };
}

function* merged(
  own: OpenApiDocument['paths'],
  further: readonly FurtherDescription[],
  what: 'paths' | 'definitions',
): OpenApiDocument['paths'] {
  const known = new Set<string>();
  for (const entry of own) {
    known.add(entry[0]);
    yield entry;
  }
  for (const description of further)
    for (const [name, value] of description[what]) {
      if (known.has(name)) continue;
      known.add(name);
      yield [name, () => value];
    }
}

const recordAt = (document: JsonRecord, name: string): JsonRecord => {
  const value = document[name];
  return isRecord(value) ? value : {};
};

/** Nobody else's document has them: each place gets its own. */
function withParameters(item: JsonRecord, parameters: JsonRecord): JsonRecord {
  const resolve = (value: unknown): unknown => {
    const name = refOf(value, '#/parameters/');
    return name === undefined ? value : (parameters[name] ?? value);
  };
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      if (name === 'parameters' && Array.isArray(value)) return [name, value.map(resolve)];
      return [name, isRecord(value) ? withParameters(value, parameters) : value];
    }),
  );
}

function refOf(value: unknown, prefix: string): string | undefined {
  const ref = isRecord(value) ? value.$ref : undefined;
  return typeof ref === 'string' && ref.startsWith(prefix) ? ref.slice(prefix.length) : undefined;
}

/** In their alphabetical order. */
function reachable(from: readonly unknown[], definitions: JsonRecord): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const waiting: unknown[] = [...from];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== 'object' || value === null) continue;
    const name = refOf(value, '#/definitions/');
    const definition = name === undefined ? undefined : definitions[name];
    if (name !== undefined && isRecord(definition) && !found.has(name)) {
      found.set(name, asSchema(definition));
      waiting.push(definition);
    }
    for (const member of Object.values(value)) waiting.push(member);
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Any JSON object may stand there; what protobuf has no form for is found out by `canBeWritten`. */
const asSchema = (value: JsonRecord): JsonSchema => value;

/** One document is for all: a part that cannot be written, being too deep, would take it from everybody. */
function canBeWritten({ paths, definitions }: FurtherDescription): boolean {
  const entries = (map: ReadonlyMap<string, JsonSchema>) =>
    [...map].map(([name, value]) => [name, () => value] as const);
  const document = { head: {}, paths: entries(paths), definitions: entries(definitions) };
  try {
    for (const _piece of protobufPieces(document, swaggerForm));
    for (const _piece of jsonPieces(document, ['definitions']));
    return true;
  } catch {
    return false;
  }
}
