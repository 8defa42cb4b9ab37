/** The path by which the keys for service account tokens are looked at (GET) and rotated (POST), for administrators. */

import { type AccountKeyStep, type AccountKeysReport, accountKeySteps } from '../../api/account-keys.ts';
import { badRequest, StatusError } from '../../api/status-error.ts';
import { KeyStepRefused } from '../authentication/service-accounts/key-list.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { sendBytes } from '../responses/responses.ts';
import { methodNotAllowed } from './resource-handler.ts';

export interface KeyRotation {
  report(): Promise<AccountKeysReport>;
  /** Throws KeyStepRefused. */
  take(step: AccountKeyStep, force: boolean): Promise<AccountKeysReport>;
}

/** Who may is asked of the authorizers before: `post` on this path, which no role but `cluster-admin` gives. */
export async function answerAccountKeys(request: ApiRequest, rotation: KeyRotation): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'POST') throw methodNotAllowed();
  const report = request.method === 'GET' ? await rotation.report() : await take(request, rotation);
  await sendBytes(request, 200, JSON.stringify(report), { 'content-type': 'application/json' });
}

async function take({ query }: ApiRequest, rotation: KeyRotation): Promise<AccountKeysReport> {
  const step = accountKeySteps.find((one) => one === query.get('step'));
  if (step === undefined) throw badRequest(`step must be one of ${accountKeySteps.join(', ')}`);
  try {
    return await rotation.take(step, query.get('force') === 'true');
  } catch (error) {
    if (error instanceof KeyStepRefused) throw new StatusError(409, 'Conflict', error.message);
    throw error;
  }
}
