/** `certificate approve|deny NAME…`: decides certificate signing requests. */

import { certificateSigningRequests } from '../../../api/resources/certificates.ts';
import { isConflict } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { CertificateSigningRequest } from '../../../api/types/certificates/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { resultPrinter } from '../../results.ts';
import { readTargets } from '../../target-objects.ts';

interface Decision {
  readonly type: 'Approved' | 'Denied';
  readonly opposite: 'Approved' | 'Denied';
  readonly reason: string;
  readonly operation: 'approved' | 'denied';
}

const decisions: Readonly<Record<string, Decision>> = {
  approve: { type: 'Approved', opposite: 'Denied', reason: 'KubectlApprove', operation: 'approved' },
  deny: { type: 'Denied', opposite: 'Approved', reason: 'KubectlDeny', operation: 'denied' },
};
const maxAttempts = 10;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const action = textOf(args, 'action') ?? '';
  const decision = Object.hasOwn(decisions, action) ? decisions[action] : undefined;
  if (decision === undefined)
    throw new UserError(`error: unknown command "${action}": there are ${Object.keys(decisions).join(', ')}`);
  const names = await namesOf(context, args);
  const print = await resultPrinter(context, args);
  for (const name of names) {
    const decided = await decide(context, { name, decision, force: isSet(args, 'force') });
    print(certificateSigningRequests, decided, decision.operation);
  }
}

async function namesOf(context: CommandContext, args: Arguments): Promise<readonly string[]> {
  const named = textsOf(args, 'names');
  const held = textsOf(args, 'filename').length === 0 ? [] : await readTargets(context, args);
  const stray = held.find(({ kind }) => kind.kind !== certificateSigningRequests.kind);
  if (stray !== undefined)
    throw new UserError(`error: can only decide certificates.k8s.io CertificateSigningRequest, not ${stray.kind.kind}`);
  const names = [...named, ...held.map(({ key }) => key.name)];
  if (names.length === 0) throw new UserError('error: one or more CSRs must be specified as <name> or -f <filename>');
  return names;
}

interface Deciding {
  readonly name: string;
  readonly decision: Decision;
  readonly force: boolean;
}

/** Again when another client changed the request meanwhile. */
async function decide(
  context: CommandContext,
  { name, decision, force }: Deciding,
): Promise<CertificateSigningRequest> {
  const client = await context.client();
  const { type, opposite, reason, operation } = decision;
  for (let attempt = 1; ; attempt += 1) {
    const request = await client.get<CertificateSigningRequest>(certificateSigningRequests, { name });
    const conditions = request.status?.conditions ?? [];
    if (conditions.some((one) => one.type === opposite))
      throw new UserError(`error: certificate signing request ${JSON.stringify(name)} is already ${opposite}`);
    const isDecided = conditions.some((one) => one.type === type);
    if (isDecided && !force) return request;
    const message = `This CSR was ${operation} by kubecfg certificate ${operation === 'denied' ? 'deny' : 'approve'}.`;
    const lastUpdateTime = formatTime(systemClock.now());
    const others = conditions.filter((one) => one.type !== type);
    const wanted = [...others, { type, status: 'True', reason, message, lastUpdateTime }];
    try {
      return await client.update<CertificateSigningRequest>(
        certificateSigningRequests,
        { ...request, status: { ...request.status, conditions: wanted } },
        { subresource: 'approval' },
      );
    } catch (error) {
      if (!isConflict(error) || attempt === maxAttempts) throw error;
    }
  }
}
