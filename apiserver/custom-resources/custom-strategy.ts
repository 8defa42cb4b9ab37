/** What is particular to custom resources when they are written: what the schema of their version says, and their status. */

import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { CustomResourceSubresources } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Strategy } from '../../kinds/kind.ts';
import { keepWholeMetadata } from '../../kinds/spec-and-status.ts';
import { finalizerWarnings } from '../../kinds/validation/metadata-validation.ts';
import type { FieldErrors } from '../../machinery/field-errors.ts';
import type { StructuralSchema } from '../../machinery/structural/structural-schema.ts';
import { validateScalePaths } from './scale-paths.ts';

export interface CustomStrategyParts {
  /** Compiled when it is first asked for. */
  schema(): StructuralSchema;
  readonly subresources: DeepReadonly<CustomResourceSubresources> | undefined;
}

/** Parts of an object that are no wish of its user's. */
const uncounted = ['apiVersion', 'kind', 'metadata'];

export function customStrategy({ schema, subresources }: CustomStrategyParts): Strategy<KubernetesObject> {
  const hasStatus = subresources?.status !== undefined;
  const scale = subresources?.scale;
  const notCounted = hasStatus ? [...uncounted, 'status'] : uncounted;
  const scaleRules = (object: object, subresource?: string) =>
    scale && { alsoValidate: (errors: FieldErrors) => validateScalePaths({ object, subresource }, scale, errors) };
  return {
    allowUnconditionalUpdate: false,
    countsEmptyLists: true,
    generationOf: (object) => Object.fromEntries(Object.entries(object).filter(([name]) => !notCounted.includes(name))),
    setDefaults: (object) => schema().setDefaults(recordOf(object)),
    prepareForCreate(object) {
      if (hasStatus) Reflect.deleteProperty(object, 'status');
    },
    prepareForUpdate(next, previous, { subresource }) {
      if (subresource === 'status') keepAllBut('status', next, previous);
      else if (hasStatus) take('status', next, previous);
    },
    validate(object, errors, { isUpdate, effort }) {
      if (isUpdate) return;
      schema().validate({ object: recordOf(object), previous: undefined, effort, ...scaleRules(object) }, errors);
    },
    validateUpdate(next, previous, errors, { subresource, effort }) {
      const write = { object: recordOf(next), previous: recordOf(previous), subresource, effort };
      schema().validate({ ...write, ...scaleRules(next, subresource) }, errors);
    },
    warnings: (object, previous) => [
      ...finalizerWarnings(object.metadata?.finalizers ?? [], previous?.metadata.finalizers ?? []),
      ...schema().warnings(recordOf(object)),
    ],
  };
}

/** Every object is one. */
const recordOf = (object: object): JsonRecord => (isRecord(object) ? object : {});

function keepAllBut(field: string, next: KubernetesObject, previous: Stored): void {
  for (const name of new Set([...Object.keys(next), ...Object.keys(previous)]))
    if (name !== field && name !== 'metadata') take(name, next, previous);
  keepWholeMetadata(next, previous);
}

function take(field: string, next: KubernetesObject, previous: Stored): void {
  const value: unknown = Reflect.get(previous, field);
  if (value === undefined) Reflect.deleteProperty(next, field);
  else Reflect.set(next, field, value);
}
