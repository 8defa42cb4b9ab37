/** Where a definition says that the parts of a Scale are, and what may stand there. Pure. */

import { isRecord } from '../../api/json-record.ts';
import { apiVersionOf } from '../../api/resource.ts';
import type { CustomResourceDefinition, CustomResourceSubresourceScale } from '../../api/types/apiextensions/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ScalePaths } from '../../kinds/kind.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

type Spec = DeepReadonly<CustomResourceDefinition>['spec'];
type Scale = DeepReadonly<CustomResourceSubresourceScale>;

const maxReplicas = 2 ** 31 - 1;

/** Undefined: the version has no subresource `scale`. */
export function scalePaths({ group, versions }: Spec, version: string): ScalePaths | undefined {
  const scale = versions.find(({ name }) => name === version)?.subresources?.scale;
  if (scale === undefined) return undefined;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  return {
    specReplicas: stepsOf(specReplicasPath),
    specReplicasByVersion: new Map(versions.map((one) => [apiVersionOf({ group, version: one.name }), stepsIn(one)])),
    statusReplicas: stepsOf(statusReplicasPath),
    labelSelector: labelSelectorPath ? stepsOf(labelSelectorPath) : undefined,
  };
}

const stepsIn = ({ subresources }: Spec['versions'][number]): string[] | undefined =>
  subresources?.scale && stepsOf(subresources.scale.specReplicasPath);

const stepsOf = (path: string): string[] => path.replace(/^\./, '').split('.');

export interface ScaledWrite {
  readonly object: object;
  /** Of a write of the status, the wish is not asked. */
  readonly subresource?: string | undefined;
}

export function validateScalePaths({ object, subresource }: ScaledWrite, scale: Scale, errors: FieldErrors): void {
  if (subresource !== 'status') validateReplicas(object, scale.specReplicasPath, errors);
  validateReplicas(object, scale.statusReplicasPath, errors);
  const { labelSelectorPath } = scale;
  if (labelSelectorPath) read(object, labelSelectorPath, 'string', errors);
}

function validateReplicas(object: object, path: string, errors: FieldErrors): void {
  const replicas = read(object, path, 'int64', errors);
  if (typeof replicas !== 'number') return;
  const at = FieldPath.of(path);
  if (replicas < 0) errors.invalid(at, replicas, 'should be a non-negative integer');
  else if (replicas > maxReplicas) errors.invalid(at, replicas, `should be less than or equal to ${maxReplicas}`);
}

type GoType = 'int64' | 'string';

/** What is there if it is of the type: in the words of Go's accessors, if it is not. */
function read(object: object, path: string, type: GoType, errors: FieldErrors): unknown {
  let value: unknown = object;
  const steps = stepsOf(path);
  for (const [index, step] of steps.entries()) {
    if (!isRecord(value)) {
      const text = `accessor error: ${JSON.stringify(value)} is of the type ${goTypeOf(value)}, expected map[string]interface{}`;
      return refuse(`.${steps.slice(0, index + 1).join('.')} ${text}`);
    }
    value = value[step];
    if (value === undefined) return undefined;
  }
  if (goTypeOf(value) === type) return value;
  return refuse(
    `.${steps.join('.')} accessor error: ${typeof value === 'string' ? value : JSON.stringify(value)} is of the type ${goTypeOf(value)}, expected ${type}`,
  );

  function refuse(why: string): undefined {
    errors.invalid(FieldPath.of(path), type === 'string' ? '' : 0, why);
  }
}

function goTypeOf(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return '<nil>';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}
