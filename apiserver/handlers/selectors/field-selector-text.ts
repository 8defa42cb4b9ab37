/** The field selectors of requests, for one kind. Error texts are upstream's. */

import { badRequest } from '../../../api/status-error.ts';
import type { Kind } from '../../../kinds/kind.ts';
import { type FieldRequirement, parseFieldRequirements } from '../../request/field-requirements.ts';

/** Throws BadRequest, also for fields that cannot be selected by. */
export function parseFieldSelector(text: string, kind: Kind): FieldRequirement[] {
  const requirements = parseFieldRequirements(text);
  for (const { field } of requirements) checkField(field, kind);
  return requirements;
}

function checkField(field: string, kind: Kind): void {
  if (field === 'metadata.name') return;
  const hasOwnFields = kind.selectableFields.length > 0;
  if (field === 'metadata.namespace' && (kind.namespaced || !hasOwnFields)) return;
  if (kind.selectableFields.some(({ name }) => name === field)) return;
  if (!hasOwnFields) {
    throw badRequest(
      `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  if (kind.group === 'batch') throw badRequest(`field label ${JSON.stringify(field)} not supported for ${kind.kind}`);
  throw badRequest(`field label not supported: ${field}`);
}
