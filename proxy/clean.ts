/** Removes everything that the proxy ever made on this host, and nothing else. For taking a cluster down. */

import { type Command, CommandError, runCommand } from './command.ts';
import { dockerUserRules } from './host-settings.ts';
import { tableName } from './nft-program.ts';
import { addressLabel } from './userspace.ts';

export interface CleanOptions {
  readonly clusterCidr: string;
  readonly run?: Command;
}

/** Idempotent. What is not there, or cannot be there because its program is missing, is done. */
export async function cleanProxy({ clusterCidr, run = runCommand }: CleanOptions): Promise<void> {
  if (await answers(run, ['nft', 'list', 'table', 'ip', tableName]))
    await run(['nft', 'delete', 'table', 'ip', tableName]);
  for (const rule of dockerUserRules(clusterCidr)) {
    while (await answers(run, ['iptables', '-w', '-C', ...rule])) await run(['iptables', '-w', '-D', ...rule]);
  }
  const labelled = ['dev', 'lo', 'label', addressLabel];
  if (await answers(run, ['ip', 'address', 'show', ...labelled])) await run(['ip', 'address', 'flush', ...labelled]);
}

async function answers(run: Command, argv: readonly string[]): Promise<boolean> {
  try {
    return (await run(argv)) !== '' || argv.includes('-C');
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}
