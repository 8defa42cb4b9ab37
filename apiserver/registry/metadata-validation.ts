/** The rules for `metadata` that all kinds share, in upstream's words. Pure. */

import { type FieldErrors, FieldPath } from '../../api/field-errors.ts';
import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

const path = FieldPath.of('metadata');

export function validateMetadata(_kind: Kind, object: KubernetesObject, errors: FieldErrors): void {
  const metadata = object.metadata ?? {};
  if (!metadata.name && !metadata.generateName) errors.required(path.child('name'), 'name or generateName is required');
}

export function validateMetadataUpdate(
  _kind: Kind,
  next: Stored,
  previous: DeepReadonly<Stored>,
  errors: FieldErrors,
): void {
  if (next.metadata.uid !== previous.metadata.uid)
    errors.invalid(path.child('uid'), next.metadata.uid, 'field is immutable');
}
