/** Columns of `kubectl get` that many kinds have, and how cells show values. */

import { nameColumn } from './define-kind.ts';
import { ageOf } from './human-duration.ts';
import type { Column } from './kind.ts';
import type { KubernetesObject, Stored } from './object.ts';

export { nameColumn };

export const ageColumn: Column<KubernetesObject> = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was made.',
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

type CellOf<T> = (object: Stored<T & KubernetesObject>, now: number) => string | number | boolean | null;

export function textColumn<T>(name: string, description: string, cell: CellOf<T>, priority = 0): Column<T> {
  return { name, type: 'string', description, cell, ...(priority > 0 && { priority }) };
}

export function numberColumn<T>(name: string, description: string, cell: CellOf<T>): Column<T> {
  return { name, type: 'integer', description, cell };
}

export function booleanColumn<T>(name: string, description: string, cell: CellOf<T>): Column<T> {
  return { name, type: 'boolean', description, cell };
}

/** `a=b,c=d` in key order; `<none>` when there is nothing. */
export function formatLabels(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',');
}
