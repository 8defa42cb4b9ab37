/** Columns of `kubectl get` that many kinds have, and how cells show values. */

import { ageOf } from '../api/human-duration.ts';
import type { KubernetesObject, Stored } from '../api/object.ts';
import type { LabelSelector } from '../api/types/meta/v1.ts';
import { compareKeys } from '../base/compare.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { nameColumn } from './define-kind.ts';
import type { Column } from './kind.ts';

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
  const pairs = Object.entries(labels ?? {}).sort(compareKeys);
  return pairs.length === 0 ? '<none>' : pairs.map(([key, value]) => `${key}=${value}`).join(',');
}

/** `app=a,tier in (b,c),!old`, sorted by key; `<none>` for a selector that asks for nothing. */
export function formatLabelSelector(selector: DeepReadonly<LabelSelector> | undefined): string {
  const terms: [key: string, text: string][] = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => [
    key,
    `${key}=${value}`,
  ]);
  for (const { key, operator, values = [] } of selector?.matchExpressions ?? []) {
    const list = `(${[...values].sort().join(',')})`;
    const texts: Record<string, string> = {
      In: `${key} in ${list}`,
      NotIn: `${key} notin ${list}`,
      Exists: key,
      DoesNotExist: `!${key}`,
    };
    terms.push([key, texts[operator] ?? '']);
  }
  terms.sort(compareKeys);
  return terms.length === 0 ? '<none>' : terms.map(([, text]) => text).join(',');
}
