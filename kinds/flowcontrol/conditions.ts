/** The conditions of flow control's objects: each type once, and named. */

import type { FlowSchemaCondition } from '../../api/types/flowcontrol/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';

export function validateConditionTypes(conditions: readonly FlowSchemaCondition[] = [], errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [i, { type = '' }] of conditions.entries()) {
    const path = FieldPath.of('status', 'conditions').index(i).child('type');
    if (seen.has(type)) errors.duplicate(path, type);
    seen.add(type);
    if (type === '') errors.required(path, 'must not be empty');
  }
}
