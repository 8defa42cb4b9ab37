/**
 * Reads custom resources: values stay as they were sent, whatever their types; what the schema does not name is dropped
 * and told; metadata is that of any object.
 */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { compareText } from '../../base/compare.ts';
import { jsonTypeName } from '../json/json.ts';
import type { JsonPlaces } from '../json/json-places.ts';
import { DecodeError, decode, readRaw } from '../schema/decode.ts';
import type { ObjectReader } from '../schema/schema.ts';
import { dropNulls } from './defaults.ts';
import { coerceEmbedded } from './embedded-metadata.ts';
import { pruneObject } from './prune.ts';
import type { StructuralNode } from './structural-node.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
/** More strict errors than these are not told. */
const maxStrictErrors = 100;

export interface ReaderOptions {
  readonly root: StructuralNode;
  /** Nothing is dropped. */
  readonly preservesUnknown: boolean;
}

export function createObjectReader({ root, preservesUnknown }: ReaderOptions): ObjectReader {
  return (value, places) => {
    if (!isRecord(value))
      throw new DecodeError(
        `json: cannot unmarshal ${jsonTypeName(value)} into Go value of type map[string]interface {}`,
      );
    const duplicates = repeatedFields(value, places);
    const { metadata, strictErrors } = readMetadata(value);
    // It is read by itself, and stands where it stood.
    const object = readRaw({ ...value, metadata: null });
    const unknown: string[] = [];
    if (isRecord(object)) {
      if (!preservesUnknown) {
        unknown.push(...pruneObject(object, root));
        dropNulls(object, root);
      }
      const embedded: string[] = [];
      coerceEmbedded(object, root, { unknown: embedded });
      unknown.push(...embedded.sort(compareText));
    }
    const errors = [...duplicates, ...strictErrors, ...unknown.map((path) => `unknown field "${path}"`)];
    return {
      object: { ...(isRecord(object) ? object : {}), metadata },
      strictErrors: [...new Set(errors)].slice(0, maxStrictErrors),
    };
  };
}

/** An object always has some. */
function readMetadata({ metadata }: JsonRecord) {
  const { object, strictErrors } = decode(objectMeta, metadata ?? {});
  return { metadata: object, strictErrors: strictErrors.map((text) => text.replace('field "', 'field "metadata.')) };
}

/** In the order of the text. */
function repeatedFields(value: JsonRecord, places: JsonPlaces | undefined): string[] {
  if (places === undefined || !places.hasRepeated) return [];
  const found: { readonly path: string; readonly offset: number }[] = [];
  const visit = (container: unknown, path: string): void => {
    if (typeof container !== 'object' || container === null) return;
    for (const { key, offset } of places.repeatedIn(container)) found.push({ path: memberPath(path, key), offset });
    if (Array.isArray(container)) for (const [index, item] of container.entries()) visit(item, `${path}[${index}]`);
    else if (isRecord(container))
      for (const [key, member] of Object.entries(container)) visit(member, memberPath(path, key));
  };
  visit(value, '');
  return found.sort((a, b) => a.offset - b.offset).map(({ path }) => `duplicate field "${path}"`);
}

const memberPath = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);
