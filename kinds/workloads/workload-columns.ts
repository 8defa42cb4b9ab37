/** Columns of the kinds that make pods from a template. */

import type { PodTemplateSpec } from '../../api/types/core/v1.ts';
import type { LabelSelector } from '../../api/types/meta/v1.ts';
import { formatLabelSelector, numberColumn, textColumn } from '../columns.ts';
import type { Column } from '../kind.ts';

interface Replicated {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number; readonly readyReplicas?: number };
}

/** `2/3`: those that are ready, of those wanted. */
export const readyColumn = textColumn<Replicated>(
  'Ready',
  'Ready pods of those wanted.',
  ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`,
);

/** Pods wanted, there, and ready. */
export const replicaColumns: readonly Column<Replicated>[] = [
  numberColumn('Desired', 'Pods wanted.', ({ spec }) => spec?.replicas ?? 0),
  numberColumn('Current', 'Pods there are.', ({ status }) => status?.replicas ?? 0),
  numberColumn('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
];

/** With `-o wide`. */
export const selectorColumn = textColumn<{ readonly spec?: { readonly selector?: LabelSelector } }>(
  'Selector',
  'Which pods are its own.',
  ({ spec }) => formatLabelSelector(spec?.selector),
  1,
);

/** Names and images of the template's containers: with `-o wide`, unless `priority` is 0. */
export function containerColumns<T>(
  templateOf: (object: T) => PodTemplateSpec | undefined,
  priority = 1,
): readonly Column<T>[] {
  const each = (field: 'name' | 'image') => (object: T) =>
    (templateOf(object)?.spec?.containers ?? []).map((container) => container[field] ?? '').join(',');
  return [
    textColumn<T>('Containers', 'Names of its containers.', each('name'), priority),
    textColumn<T>('Images', 'Images of its containers.', each('image'), priority),
  ];
}
