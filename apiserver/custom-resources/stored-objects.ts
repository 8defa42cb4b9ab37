/**
 * Custom resources on their way out of the store, and in: each is read by the schema of the version in which it lies
 * there, converted, and pruned by the schema of the version that it is asked in.
 */

import { copyJson, equalJson, isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { Stored } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
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

export function storedObjects(parts: StoredObjectsParts): StoredConversion {
  const { group, version, storageVersion, converter, schemaOf } = parts;
  const asked = apiVersionOf({ group, version });
  const stored = apiVersionOf({ group, version: storageVersion });
  return {
    storageVersion,
    fromStored(objects) {
      const read = objects.map((object) => readAsStored(object, schemaOf));
      if (read.every(({ apiVersion }) => apiVersion === asked)) return read;
      return convertAll(read, asked, { converter, schema: schemaOf(version) });
    },
    toStored(object) {
      const converted = convertAll([object], stored, { converter, schema: schemaOf(storageVersion) });
      return converted instanceof Promise ? converted.then(([one = object]) => one) : (converted[0] ?? object);
    },
  };
}

/** As the schema of its own version has it: the same object when that changes nothing. */
function readAsStored(object: Stored, schemaOf: StoredObjectsParts['schemaOf']): Stored {
  const schema = schemaOf(parseApiVersion(object.apiVersion)?.version ?? '');
  if (schema === undefined) return object;
  const read = copyJson(object);
  schema.readStored(recordOf(read));
  return equalJson(read, object) ? object : read;
}

function convertAll(
  objects: readonly Stored[],
  apiVersion: string,
  { converter, schema }: { readonly converter: ObjectConverter; readonly schema: StructuralSchema | undefined },
): readonly Stored[] | Promise<readonly Stored[]> {
  const converted = converter.convert(objects, apiVersion);
  const finish = (results: readonly Stored[]): readonly Stored[] => {
    for (const [index, result] of results.entries()) if (result !== objects[index]) schema?.prune(recordOf(result));
    return results;
  };
  return converted instanceof Promise ? converted.then(finish) : finish(converted);
}

/** Every object is one. */
const recordOf = (object: object): JsonRecord => (isRecord(object) ? object : {});
