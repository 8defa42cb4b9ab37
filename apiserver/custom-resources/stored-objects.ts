/**
 * Custom resources on their way out of the store, and in: each is read by the schema of the version in which it lies
 * there, converted, and pruned by the schema of the version that it is asked in. Where there are many, others have their
 * turns in between.
 */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import { Turns } from '../../base/turns.ts';
import type { StoredConversion } from '../../kinds/kind.ts';
import type { StructuralSchema } from '../../machinery/structural/structural-schema.ts';
import type { ObjectConverter } from './object-converter.ts';

export interface StoredObjectsParts {
  readonly group: string;
  /** In which they are asked. */
  readonly version: string;
  readonly storageVersion: string;
  readonly converter: ObjectConverter;
  /** Of a version; undefined: the definition has none of that name (any more). */
  schemaOf(version: string): StructuralSchema | undefined;
}

type SchemaOf = StoredObjectsParts['schemaOf'];

export function storedObjects(parts: StoredObjectsParts): StoredConversion {
  const { group, version, storageVersion, converter, schemaOf } = parts;
  const asked = apiVersionOf({ group, version });
  const stored = apiVersionOf({ group, version: storageVersion });
  const convertRead = (read: readonly Stored[]) =>
    read.every(({ apiVersion }) => apiVersion === asked)
      ? read
      : convertAll(read, asked, { converter, schema: schemaOf(version) });
  return {
    storageVersion,
    fromStored(objects) {
      const [first, ...others] = objects;
      if (first === undefined) return [];
      if (others.length > 0) return readInTurns(objects, schemaOf).then(convertRead);
      return convertRead([readAsStored(first, schemaOf)]);
    },
    toStored(object) {
      const converted = convertAll([object], stored, { converter, schema: schemaOf(storageVersion) });
      return converted instanceof Promise ? converted.then(([one = object]) => one) : (converted[0] ?? object);
    },
  };
}

async function readInTurns(objects: readonly Stored[], schemaOf: SchemaOf): Promise<readonly Stored[]> {
  const turns = new Turns();
  const read: Stored[] = [];
  for (const object of objects) {
    read.push(readAsStored(object, schemaOf));
    await turns.pause();
  }
  return read;
}

/** As the schema of its own version has it: the same object when that changes nothing. */
function readAsStored(object: Stored, schemaOf: SchemaOf): Stored {
  const schema = schemaOf(parseApiVersion(object.apiVersion)?.version ?? '');
  return schema?.readStored(recordOf(object)) ? { ...object } : object;
}

function convertAll(
  objects: readonly Stored[],
  apiVersion: string,
  { converter, schema }: { readonly converter: ObjectConverter; readonly schema: StructuralSchema | undefined },
): readonly Stored[] | Promise<readonly Stored[]> {
  const converted = converter.convert(objects, apiVersion);
  const pruneOne = (result: Stored, index: number): void => {
    if (result !== objects[index]) schema?.prune(recordOf(result));
  };
  if (!(converted instanceof Promise)) {
    converted.forEach(pruneOne);
    return converted;
  }
  return converted.then(async (results) => {
    const turns = new Turns();
    for (const [index, result] of results.entries()) {
      pruneOne(result, index);
      await turns.pause();
    }
    return results;
  });
}

/** Every object is one. */
const recordOf = (object: object): JsonRecord => (isRecord(object) ? object : {});
