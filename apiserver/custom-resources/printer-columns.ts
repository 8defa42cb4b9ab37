/** The columns of a custom kind: what its definition asks for, after the name; the age where it asks for nothing. Pure. */

import { ageOf } from '../../api/human-duration.ts';
import { sortedJson } from '../../api/json-record.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { parseTime } from '../../api/time.ts';
import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Column } from '../../kinds/kind.ts';
import { parseJsonPath } from '../../machinery/json/simple-json-path.ts';

type ColumnDefinition = DeepReadonly<CustomResourceColumnDefinition>;
type Cell = string | number | boolean | null;

const nameColumn: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description:
    'Name must be unique within a namespace. Is required when creating resources, although some resources may allow a client to request the generation of an appropriate name automatically. Name is primarily intended for creation idempotence and configuration definition. Cannot be updated. More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names',
  cell: ({ metadata }) => metadata.name,
};

const ageDefinition: ColumnDefinition = {
  name: 'Age',
  type: 'date',
  description:
    'CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed to be set in happens-before order across separate operations. Clients may not set this value. It is represented in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata',
  jsonPath: '.metadata.creationTimestamp',
};

export function printerColumns(definitions: readonly ColumnDefinition[] = []): Column<KubernetesObject>[] {
  const asked = definitions.length > 0 ? definitions : [ageDefinition];
  return [nameColumn, ...asked.map(printerColumn)];
}

function printerColumn(definition: ColumnDefinition): Column<KubernetesObject> {
  const { name, format, description, priority, jsonPath } = definition;
  const type = typeOf(definition.type);
  const find = parseJsonPath(jsonPath);
  return {
    ...{ name, type },
    ...(format !== undefined && { format }),
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...(priority !== undefined && { priority }),
    cell: (object, now) => cellOf(type, find?.(object), now),
  };
}

const types = ['integer', 'number', 'boolean', 'date', 'string'] as const;

/** The definition was validated: it is one of them. */
const typeOf = (text: string): Column<KubernetesObject>['type'] => types.find((type) => type === text) ?? 'string';

/** What is not of the column's type is not shown. */
export function cellOf(type: Column<KubernetesObject>['type'], value: unknown, now: number): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'string':
      return typeof value === 'object' ? JSON.stringify(sortedJson(value)) : String(value);
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return parseTime(value) === undefined ? '<invalid>' : ageOf(value, now);
  }
}
