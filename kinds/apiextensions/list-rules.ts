/** What list types, list keys and map types of a schema ask of it. */

import { own } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';

const listTypes = ['atomic', 'set', 'map'];
const mapTypes = ['atomic', 'granular'];
const listTypeField = 'x-kubernetes-list-type';
const mapTypeField = 'x-kubernetes-map-type';
const keysField = 'x-kubernetes-list-map-keys';

export function validateListAndMap(
  schema: JsonSchema,
  path: FieldPath,
  { allowsOddSets }: { readonly allowsOddSets: boolean },
  errors: FieldErrors,
): void {
  const { [listTypeField]: listType, [mapTypeField]: mapType, [keysField]: keys = [], type = '' } = schema;
  if (mapType !== undefined && type !== 'object')
    refuseType(type, `must be object if ${mapTypeField} is specified`, path, errors);
  if (mapType !== undefined && !mapTypes.includes(mapType))
    errors.notSupported(path.child(mapTypeField), mapType, mapTypes);
  if (listType !== undefined && type !== 'array')
    refuseType(type, `must be array if ${listTypeField} is specified`, path, errors);
  else if (listType === 'set' && !allowsOddSets) validateSetItems(schema.items, path.child('items'), errors);
  if (listType !== undefined && !listTypes.includes(listType))
    errors.notSupported(path.child(listTypeField), listType, listTypes);
  if (keys.length > 0 && listType !== 'map') {
    const text = `must be map if ${keysField} is non-empty`;
    if (listType === undefined) errors.required(path.child(listTypeField), text);
    else errors.invalid(path.child(listTypeField), listType, text);
  }
  if (listType === 'map') validateListMap(schema, keys, path, errors);
}

function refuseType(type: string, text: string, path: FieldPath, errors: FieldErrors): void {
  if (type === '') errors.required(path.child('type'), text);
  else errors.invalid(path.child('type'), type, text);
}

/** Items of a set are compared as wholes, so they belong to one owner as wholes. */
function validateSetItems(items: JsonSchema['items'], path: FieldPath, errors: FieldErrors): void {
  if (!isSchema(items)) return;
  const { [listTypeField]: listType, [mapTypeField]: mapType } = items;
  const text = `must be atomic as item of a list with ${listTypeField}=set`;
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    errors.invalid(path.child(listTypeField), listType, text);
  // Upstream shows the list type here, too.
  if (items.type === 'object' && mapType !== 'atomic') errors.invalid(path.child(mapTypeField), listType ?? null, text);
}

/** Its items are objects, told apart by fields that they have. */
function validateListMap(schema: JsonSchema, keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  const { items } = schema;
  if (keys.length === 0) errors.required(path.child(keysField), `must not be empty if ${listTypeField} is map`);
  if (items === undefined) errors.required(path.child('items'), `must have a schema if ${listTypeField} is map`);
  else if (!isSchema(items))
    errors.invalid(path.child('items'), items, `must only have a single schema if ${listTypeField} is map`);
  else if (items.type !== 'object')
    errors.invalid(
      path.child('items', 'type'),
      items.type ?? '',
      `must be object if parent array's ${listTypeField} is map`,
    );
  else validateKeys(items, keys, path, errors);
}

function validateKeys(items: JsonSchema, keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  const at = path.child(keysField);
  for (const [index, key] of keys.entries()) {
    const property = own(items.properties ?? {}, key);
    if (property === undefined) errors.invalid(at, keys, 'entries must all be names of item properties');
    else if (property.type === 'array' || property.type === 'object') {
      // Upstream shows the type of the item, not that of the key.
      const text = `must be a scalar type if parent array's ${listTypeField} is map`;
      errors.invalid(path.child('items', 'properties').key(key).child('type'), items.type ?? '', text);
    }
    if (keys.indexOf(key) < index) errors.invalid(at, keys, 'must not contain duplicate entries');
  }
}

/** Items of sets and maps, and keys of items, are there and are no nulls. */
export function validateListItems(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const { [listTypeField]: listType, [keysField]: keys = [], items } = schema;
  if (!isSchema(items) || (listType !== 'set' && listType !== 'map')) return;
  const at = path.child('items');
  if (items.nullable) errors.forbidden(at.child('nullable'), `cannot be nullable when ${listTypeField} is ${listType}`);
  if (listType !== 'map') return;
  const reason = `this property is in ${keysField}, so it`;
  for (const key of keys) {
    const property = own(items.properties ?? {}, key);
    if (property === undefined) continue;
    const place = at.child('properties').key(key);
    const hasDefault = property.default !== undefined && property.default !== null;
    if (!hasDefault && !items.required?.includes(key))
      errors.required(place.child('default'), `${reason} must have a default or be a required property`);
    if (property.nullable) errors.forbidden(place.child('nullable'), `${reason} cannot be nullable`);
  }
}
