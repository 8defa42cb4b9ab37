/**
 * `kubecfg certs rotate-account-key`: a new key for service account tokens, while the cluster runs. The API server keeps
 * the keys and takes the steps; this waits in between, and says what there is.
 */

import { type AccountKeyStep, type AccountKeysReport, accountKeysPath } from '../api/account-keys.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Terminal } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';

export interface AccountKeyRotation {
  readonly client: Pick<Client, 'raw'>;
  readonly clock: Clock;
  /** Only this one. Default: what is due; a new rotation goes on until the new key signs. */
  readonly step: AccountKeyStep | undefined;
  /** Drops the old key although there may be tokens of it. */
  readonly force: boolean;
}

const lookMs = 2_000;
/** API servers know a new key long before. */
const patienceMs = 120_000;

/** Goes on where it was left, whatever ended it. Throws `UserError`. */
export async function rotateAccountKey(terminal: Terminal, rotation: AccountKeyRotation): Promise<void> {
  const { out, signal } = terminal;
  const first = rotation.step ?? (await ask(rotation, 'GET')).next;
  await takeOne(terminal, rotation, first);
  if (first !== 'trust' || rotation.step !== undefined || signal.aborted) return;
  out.write('Waiting for every API server to know it. Ctrl-C stops here; the same command goes on.\n');
  await takeOne(terminal, rotation, 'switch');
}

async function takeOne({ out, signal }: Terminal, rotation: AccountKeyRotation, step: AccountKeyStep): Promise<void> {
  const report = step === 'switch' ? await takePatiently(rotation, signal) : await take(rotation, step);
  if (report !== undefined) out.write(`${step}: ${textOf(step, report)}\n`);
}

/** Until it is known everywhere the server refuses. */
async function takePatiently(
  rotation: AccountKeyRotation,
  signal: AbortSignal,
): Promise<AccountKeysReport | undefined> {
  const { clock } = rotation;
  const end = clock.monotonic() + patienceMs;
  while (!signal.aborted) {
    const report = await take(rotation, 'switch').catch((error: unknown) => {
      if (!(error instanceof NotYet) || clock.monotonic() >= end) throw error;
      return undefined;
    });
    if (report !== undefined) return report;
    await clock.sleep(lookMs, signal);
  }
  return undefined;
}

/** What the server says for as long as a step may not be taken. */
class NotYet extends UserError {}

async function take(rotation: AccountKeyRotation, step: AccountKeyStep): Promise<AccountKeysReport> {
  try {
    return await ask(rotation, 'POST', `?step=${step}${rotation.force ? '&force=true' : ''}`);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const hint = step === 'drop' ? '. For another new key meanwhile: --step trust, then --step switch' : '';
    throw new NotYet(`${step}: ${errorText(error)}${hint}`);
  }
}

async function ask({ client }: AccountKeyRotation, method: string, query = ''): Promise<AccountKeysReport> {
  try {
    const { text } = await client.raw(method, `${accountKeysPath}${query}`);
    // What our own API server answers on its own path.
    const report: AccountKeysReport = JSON.parse(text);
    return report;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(
      'This API server keeps no keys for tokens: it signs with --service-account-signing-key-file. Add the new key to ' +
        '--service-account-key-file of all servers, replace the signing key after ten seconds, and take the old one away ' +
        'when its tokens have ended',
    );
  }
}

function textOf(step: AccountKeyStep, { keys }: AccountKeysReport): string {
  if (step === 'trust') return 'A new key is believed; the old one signs.';
  if (step === 'drop') return 'The old key is believed no more.';
  const [until] = keys
    .flatMap(({ believedUntil = [] }) => believedUntil)
    .sort()
    .reverse();
  return `The new key signs. Tokens of the old one are good as long as they live, at most until ${until ?? 'now'}; then it goes by itself, unless Secrets hold tokens of it (--step drop says which).`;
}
