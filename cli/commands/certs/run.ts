/**
 * `certs list|renew|rotate-ca`: the certificates in a data directory. Works on files; a cluster that runs reads them again.
 * `certs rotate-account-key`: the key for service account tokens, by the API server.
 */

import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { type AuthorityName, authorityNames } from '../../../cluster/authorities.ts';
import { listCertificates } from '../../../cluster/certificate-inventory.ts';
import { renewCertificates } from '../../../cluster/renew-certificates.ts';
import { rotateAccountKey } from '../../../cluster/rotate-account-key.ts';
import { type RotationStep, rotationSteps } from '../../../cluster/rotate-authority.ts';
import { rotate } from '../../../cluster/rotation.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseDataDir } from '../../data-dir.ts';
import { alignColumns } from '../../printers/columns.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const dataDir = parseDataDir(textOf(args, 'data-dir'));
  const action = textOf(args, 'action');
  if (action === 'list') return await list(context, dataDir);
  if (action === 'renew') return await renew(context, dataDir, args);
  if (action === 'rotate-ca')
    return await rotate(context, {
      dataDir,
      authority: oneOf<AuthorityName>(authorityNames, textOf(args, 'authority') ?? 'ca', '--authority'),
      step: stepOf(textOf(args, 'step')),
      force: isSet(args, 'force'),
    });
  if (action === 'rotate-account-key')
    return await rotateAccountKey(context, {
      client: await context.client(),
      clock: systemClock,
      step: stepOf(textOf(args, 'step')),
      force: isSet(args, 'force'),
    });
  throw new UserError(`certs ${action}: there are list, renew, rotate-ca and rotate-account-key`);
}

/** Fails when one of them is of no use any more, so that a script notices. */
async function list({ out }: CommandContext, dataDir: string): Promise<void> {
  const found = await listCertificates(dataDir, Date.now());
  const rows = found.map(({ file, subject, issuer, expires, daysLeft, state }) => [
    file,
    subject,
    issuer,
    expires === undefined ? '' : new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z'),
    daysLeft === undefined ? '' : String(daysLeft),
    state,
  ]);
  const header = ['FILE', 'SUBJECT', 'ISSUER', 'EXPIRES', 'DAYS LEFT', 'STATE'];
  out.write(alignColumns([header, ...rows], { minWidth: 0, padding: 3 }));
  const bad = found.filter(({ state }) => state !== 'ok' && state !== 'due').length;
  if (bad > 0)
    throw new UserError(`${bad} of ${found.length} certificates are of no use now: kubecfg certs renew --expired`);
}

async function renew({ out }: CommandContext, dataDir: string, args: Arguments): Promise<void> {
  const onlyExpired = isSet(args, 'expired');
  const renewed = await renewCertificates({ dataDir, names: textsOf(args, 'names'), onlyExpired, now: Date.now() });
  for (const name of renewed.authorities)
    out.write(`authority ${name} renewed, with its key: who trusts it needs its new certificate\n`);
  for (const name of renewed.names) out.write(`${name} renewed\n`);
  for (const name of renewed.left) out.write(`${name} cannot be read: the next start of the cluster makes it again\n`);
  if (renewed.authorities.length + renewed.names.length + renewed.left.length === 0) out.write('Nothing to renew.\n');
  else out.write('A cluster that runs reads them again within seconds; the kubeconfigs here are up to date.\n');
}

const stepOf = (text: string | undefined): RotationStep | undefined =>
  text === undefined ? undefined : oneOf<RotationStep>(rotationSteps, text, '--step');

function oneOf<T extends string>(all: readonly T[], text: string, flag: string): T {
  const found = all.find((one) => one === text);
  if (found === undefined) throw new UserError(`${flag} must be one of ${all.join(', ')}, not "${text}"`);
  return found;
}
