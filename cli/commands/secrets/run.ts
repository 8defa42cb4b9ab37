/** `secrets status` and `secrets rotate-key`: the keys with which Secrets lie encrypted in etcd. */

import { resolve } from 'node:path';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { UserError } from '../../../base/user-error.ts';
import { userAgentOf } from '../../../base/version.ts';
import { encryptionFileOf } from '../../../cluster/encryption-file.ts';
import { describeEncryption } from '../../../cluster/encryption-status.ts';
import { type RotationServer, rotateKey } from '../../../cluster/key-rotation.ts';
import { createProgress } from '../../../cluster/progress.ts';
import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseDataDir } from '../../data-dir.ts';

const secretsActions = ['status', 'rotate-key'] as const;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const action = secretsActions.find((one) => one === textOf(args, 'action'));
  if (action === undefined) throw new UserError(`Say what to do: kubecfg secrets ${secretsActions.join(' or ')}`);
  const named = textOf(args, 'file');
  const file = named === undefined ? encryptionFileOf(parseDataDir(textOf(args, 'data-dir'))) : resolve(named);
  const servers = await openServers(context, args);
  try {
    if (action === 'status') {
      for (const line of await describeEncryption(file, servers)) context.out.write(`${line}\n`);
      return;
    }
    const progress = await createProgress(context.out);
    const key = await rotateKey({ file, servers, progress, clock: systemClock, signal: context.signal });
    context.out.write(`Secrets are encrypted with ${key}. Keep a copy of ${file}.\n`);
  } finally {
    for (const { client } of servers) await client.close();
  }
}

/** Each is asked for itself: a client of its own, which fails over to no other. */
async function openServers(
  context: CommandContext,
  args: Arguments,
): Promise<readonly [RotationServer, ...RotationServer[]]> {
  const connection = await context.connection();
  const urls = textOf(args, 'api-servers')?.split(',') ?? connection.servers;
  const { createRestClient } = await import('../../../client/rest-client.ts');
  const options = { userAgent: userAgentOf('kubecfg'), logger: silentLogger, onWarning() {} };
  const [first, ...rest] = urls.map((url) => ({
    url,
    client: createRestClient({ ...connection, servers: [url] }, options),
  }));
  if (first === undefined) throw new UserError('No API server is named: see --api-servers and --kubeconfig');
  return [first, ...rest];
}
