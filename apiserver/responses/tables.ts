/** Objects as the rows of a Table, or cut down to their metadata: the other two forms an answer can take. */

import type { KubernetesObject, Stored, StoredMetadata } from '../../api/object.ts';
import { badRequest } from '../../api/status-error.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Column, TablePresentation } from '../../kinds/kind.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';
/** What is shown of an object need not have been stored. */
export type ShownObject = DeepReadonly<
  KubernetesObject & {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: ObjectMeta & Pick<StoredMetadata, 'name' | 'creationTimestamp'>;
  }
>;

export interface TableListMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const fallbackColumns: readonly Column<KubernetesObject>[] = [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'What the object is called within its namespace',
    cell: (object) => object.metadata.name,
  },
  {
    name: 'Created At',
    type: 'date',
    description: 'When the object was made',
    cell: (object) => object.metadata.creationTimestamp,
  },
];

export function parseIncludeObject(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  );
}

export interface TableOptions {
  readonly apiVersion: string;
  readonly include: IncludeObject;
  readonly metadata: TableListMetadata;
  readonly now: number;
  /** Later events of a watch leave the columns out. */
  readonly withoutColumns?: boolean;
}

export function toTable(
  kind: TablePresentation<KubernetesObject>,
  objects: readonly ShownObject[],
  options: TableOptions,
): object {
  const columns = kind.columns.length > 0 ? kind.columns : fallbackColumns;
  return {
    kind: 'Table',
    apiVersion: options.apiVersion,
    metadata: options.metadata,
    columnDefinitions: options.withoutColumns ? [] : columns.map(definitionOf),
    rows: inRowOrder(kind, objects).map((object) => {
      const conditions = kind.rowConditions?.(object) ?? [];
      return {
        // Columns only look.
        cells: columns.map((column) => column.cell(object as Stored, options.now)),
        ...(conditions.length > 0 && { conditions }),
        object: included(object, options),
      };
    }),
  };
}

function inRowOrder(
  { compareRows }: Pick<TablePresentation<KubernetesObject>, 'compareRows'>,
  objects: readonly ShownObject[],
): readonly ShownObject[] {
  if (!compareRows) return objects;
  return [...objects].sort(compareRows);
}

const definitionOf = <T>({ name, type, format = '', description, priority = 0 }: Column<T>) => ({
  name,
  type,
  format,
  description,
  priority,
});

function included(object: ShownObject, { include, apiVersion }: TableOptions): unknown {
  switch (include) {
    case 'None':
      return null;
    case 'Metadata':
      return toMetadataOnly(object, apiVersion);
    case 'Object':
      return object;
  }
}

export const toMetadataOnly = (object: ShownObject, apiVersion: string): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion,
  metadata: object.metadata,
});

export const toMetadataList = (
  objects: readonly ShownObject[],
  apiVersion: string,
  metadata: TableListMetadata,
): object => ({
  kind: 'PartialObjectMetadataList',
  apiVersion,
  metadata,
  // Upstream's empty list is null here, and only here.
  items: objects.length === 0 ? null : objects.map((object) => toMetadataOnly(object, apiVersion)),
});
