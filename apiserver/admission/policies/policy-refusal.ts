/** What a client reads when a policy has said no. Pure. */

import { forbidden, StatusError, type StatusReason } from '../../../api/status-error.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import { nameOf } from '../matching/request-matcher.ts';

export interface Refusal {
  readonly policy: string;
  /** Undefined: the policy cannot be used with any. */
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

/** Those that a validation may name. */
const codes: Readonly<Record<string, readonly [code: number, reason: StatusReason]>> = {
  Forbidden: [403, 'Forbidden'],
  Unauthorized: [401, 'Unauthorized'],
  RequestEntityTooLarge: [413, 'RequestEntityTooLarge'],
  Invalid: [422, 'Invalid'],
};

/** Of a validating policy. */
export function validationRefusal(
  request: AdmissionRequest,
  { policy, binding, message, reason }: Refusal,
): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const why = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const { status } = forbidden(request.kind, shownNameOf(request), why);
  const [code, known] = codes[reason] ?? [422, 'Invalid'];
  return new StatusError(code, known, status.message ?? why, { ...status.details, causes: [{ message: why }] });
}

/** Of mutating policies: the first is what is said, the causes are all. */
export function mutationRefusal(request: AdmissionRequest, refusals: readonly Refusal[]): StatusError {
  const messages = refusals.map(({ policy, binding, message }) =>
    binding === undefined
      ? `policy "${policy}" denied request: ${message}`
      : `policy '${policy}' with binding '${binding}' denied request: ${message}`,
  );
  const { status } = forbidden(request.kind, shownNameOf(request), '');
  const reason = refusals[0]?.reason === 'Invalid' ? 'Invalid' : 'Forbidden';
  const causes = messages.map((message) => ({ message }));
  return new StatusError(403, reason, messages[0] ?? '', { ...status.details, causes });
}

/** Nobody has named the objects of a collection that is deleted. */
function shownNameOf(request: AdmissionRequest): string {
  const { name, generateName } = request.object?.metadata ?? {};
  return nameOf(request) || name || generateName || 'Unknown';
}
