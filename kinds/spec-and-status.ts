/**
 * The part of a strategy that most kinds with a status share: users write `spec`, one component writes `status`, and
 * neither write reaches the other's part.
 */

import type { KubernetesObject, Stored } from '../api/object.ts';
import type { Strategy } from './kind.ts';

export interface SpecAndStatusOptions {
  /** What a new object's status is. Default: absent. */
  readonly newStatus?: () => unknown;
  /** Fields beside `spec` that only the main resource may change. Default: none. */
  readonly ownFields?: readonly string[];
  /** Whether a change of `spec` counts in `metadata.generation`. Default true. */
  readonly hasGeneration?: boolean;
  /** Status writes leave the labels alone (workload kinds). Default false. */
  readonly keepsLabels?: boolean;
  /** Status writes leave all metadata alone. Default false. */
  readonly keepsMetadata?: boolean;
}

export function specAndStatus<T extends KubernetesObject>(
  options: SpecAndStatusOptions = {},
): Pick<Strategy<T>, 'prepareForCreate' | 'prepareForUpdate' | 'generationOf'> {
  const { newStatus, ownFields = [], hasGeneration = true, keepsLabels = false, keepsMetadata = false } = options;
  const mainFields = ['spec', ...ownFields];
  return {
    prepareForCreate(object) {
      assign(object, 'status', newStatus?.());
    },
    prepareForUpdate(next, previous, { subresource }) {
      if (subresource !== 'status') {
        assign(next, 'status', Reflect.get(previous, 'status'));
        return;
      }
      for (const field of mainFields) assign(next, field, Reflect.get(previous, field));
      if (keepsLabels && next.metadata) assign(next.metadata, 'labels', previous.metadata.labels);
      if (keepsMetadata) keepWholeMetadata(next, previous);
    },
    ...(hasGeneration && { generationOf: (object: T) => ({ spec: Reflect.get(object, 'spec') }) }),
  };
}

/** All but who owns what: that is kept by the time a strategy is asked. */
export function keepWholeMetadata(next: KubernetesObject, previous: Stored): void {
  const { managedFields } = next.metadata ?? {};
  const { managedFields: _, ...metadata } = previous.metadata;
  next.metadata = { ...metadata, ...(managedFields && { managedFields }) };
}

function assign(target: object, field: string, value: unknown): void {
  if (value === undefined) Reflect.deleteProperty(target, field);
  else Reflect.set(target, field, value);
}
