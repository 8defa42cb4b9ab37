/** The kind RuntimeClass. */

import { runtimeClasses } from '../../api/resources/node.ts';
import type { RuntimeClass } from '../../api/types/node/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { validateLabels } from '../validation/label-selector.ts';
import { checkDns1123Label } from '../validation/names.ts';
import { validateTolerations } from '../workloads/pod-spec/placement.ts';
import { validateResources } from '../workloads/pod-spec/resources.ts';

export const runtimeClassKind = defineKind(runtimeClasses, {
  columns: [nameColumn, textColumn('Handler', 'What the runtime calls it.', ({ handler }) => handler), ageColumn],
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    validate: validateRuntimeClass,
    validateUpdate: (next, previous, errors) =>
      validateImmutable(next.handler ?? '', previous.handler, FieldPath.of('handler'), errors),
  },
});

function validateRuntimeClass(object: RuntimeClass, errors: FieldErrors): void {
  const { handler = '', overhead, scheduling } = object;
  const path = FieldPath.of('handler');
  if (handler === '') errors.required(path);
  else if (handler.includes('.')) errors.invalid(path, handler, 'must not contain dots');
  else for (const message of checkDns1123Label(handler)) errors.invalid(path, handler, message);
  const limits = overhead?.podFixed;
  if (limits) validateResources({ limits }, { claims: new Set() }, FieldPath.of('overhead'), errors);
  if (!scheduling) return;
  validateLabels(scheduling.nodeSelector, FieldPath.of('scheduling', 'nodeSelector'), errors);
  validateTolerations(scheduling.tolerations ?? [], FieldPath.of('scheduling', 'tolerations'), errors);
}
