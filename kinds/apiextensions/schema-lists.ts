/** What list types, list keys and map types of a schema ask of it. */

import { own } from '../../api/json-record.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';

const listTypes = ['atomic', 'map', 'set'];
const mapTypes = ['atomic', 'granular'];

export function validateListAndMap(schema: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const mapType = schema['x-kubernetes-map-type'];
  if (mapType !== undefined && schema.type !== 'object') {
    if (schema.type)
      errors.invalid(path.child('type'), schema.type, 'must be object if x-kubernetes-map-type is specified');
    else errors.required(path.child('type'), 'must be object if x-kubernetes-map-type is specified');
  }
  if (mapType !== undefined && !mapTypes.includes(mapType))
    errors.notSupported(path.child('x-kubernetes-map-type'), mapType, mapTypes);
  if (listType !== undefined && schema.type !== 'array') {
    if (schema.type)
      errors.invalid(path.child('type'), schema.type, 'must be array if x-kubernetes-list-type is specified');
    else errors.required(path.child('type'), 'must be array if x-kubernetes-list-type is specified');
  }
  if (listType !== undefined && !listTypes.includes(listType))
    errors.notSupported(path.child('x-kubernetes-list-type'), listType, listTypes);
  if (keys.length > 0 && listType !== 'map') {
    if (listType === undefined)
      errors.required(path.child('x-kubernetes-list-type'), 'must be map if x-kubernetes-list-map-keys is non-empty');
    else
      errors.invalid(
        path.child('x-kubernetes-list-type'),
        listType,
        'must be map if x-kubernetes-list-map-keys is non-empty',
      );
  }
  if (listType === 'map') validateListMap(schema, keys, path, errors);
  if (listType === 'set' && isSchema(schema.items)) validateSetItems(schema.items, path.child('items'), errors);
}

function validateListMap(schema: JsonSchema, keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  if (keys.length === 0)
    errors.required(path.child('x-kubernetes-list-map-keys'), 'must not be empty if x-kubernetes-list-type is map');
  const items = schema.items;
  if (!isSchema(items)) {
    if (items === undefined)
      errors.required(path.child('items'), 'must have a schema if x-kubernetes-list-type is map');
    return;
  }
  const at = path.child('items');
  if (items.nullable) errors.forbidden(at.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is map');
  if (items.type !== 'object')
    errors.invalid(
      at.child('type'),
      items.type ?? '',
      "must be object if parent array's x-kubernetes-list-type is map",
    );
  if (items.type !== 'object') return;
  const seen = new Set<string>();
  for (const key of keys) {
    if (seen.has(key)) errors.duplicate(path.child('x-kubernetes-list-map-keys'), key);
    seen.add(key);
    const property = own(items.properties ?? {}, key);
    const place = at.child('properties').key(key);
    if (property === undefined) {
      errors.invalid(path.child('x-kubernetes-list-map-keys'), keys, 'entries must all be names of item properties');
      continue;
    }
    if (property.type === 'array' || property.type === 'object') {
      errors.invalid(
        place.child('type'),
        property.type,
        "must be a scalar type if parent array's x-kubernetes-list-type is map",
      );
    }
    if (property.default === undefined && !(items.required ?? []).includes(key)) {
      errors.required(
        place.child('default'),
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      );
    }
  }
}

function validateSetItems(items: JsonSchema, path: FieldPath, errors: FieldErrors): void {
  if (items.nullable) errors.forbidden(path.child('nullable'), 'cannot be nullable when x-kubernetes-list-type is set');
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
    errors.invalid(
      path.child('x-kubernetes-map-type'),
      items['x-kubernetes-map-type'] ?? null,
      'must be atomic as item of a list with x-kubernetes-list-type=set',
    );
  }
  if (
    items.type === 'array' &&
    items['x-kubernetes-list-type'] !== 'atomic' &&
    items['x-kubernetes-list-type'] !== undefined
  ) {
    errors.invalid(
      path.child('x-kubernetes-list-type'),
      items['x-kubernetes-list-type'],
      'must be atomic as item of a list with x-kubernetes-list-type=set',
    );
  }
}
