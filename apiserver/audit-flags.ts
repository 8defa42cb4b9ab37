/** The flags that say what is written down of requests, under upstream's names, and what they mean. */

import { readFile } from 'node:fs/promises';
import type { InferredOptionTypes, Options } from 'yargs';
import { errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';
import { readPolicy } from './audit/read-policy.ts';
import { readWebhookTarget } from './webhooks/webhook-target.ts';
import type { AuditOptions } from './wire-audit.ts';

export const auditFlags = {
  'audit-policy-file': {
    type: 'string',
    describe: 'What is written down of requests. Default: writes, without bodies',
  },
  'audit-log-path': { type: 'string', describe: 'Where it is written, as lines of JSON; -: standard output' },
  'audit-log-maxsize': { type: 'number', default: 100, describe: 'Megabytes before it is put aside; 0: no limit' },
  'audit-log-maxbackup': { type: 'number', default: 10, describe: 'How many are kept that were put aside; 0: all' },
  'audit-log-maxage': { type: 'number', default: 0, describe: 'Days for which they are kept; 0: for ever' },
  'audit-log-truncate-max-event-size': {
    type: 'number',
    default: 102_400,
    describe: 'Bytes; a longer event goes without its bodies',
  },
  'audit-webhook-config-file': { type: 'string', describe: 'A kubeconfig with the server that gets them, too' },
} as const satisfies Record<string, Options>;

/** Throws UserError. */
export async function auditOptionsOf(flags: InferredOptionTypes<typeof auditFlags>): Promise<AuditOptions> {
  for (const name of ['audit-log-maxsize', 'audit-log-maxbackup', 'audit-log-maxage'] as const)
    if (!(flags[name] >= 0)) throw new UserError(`--${name}: must be a number, 0 or more`);
  if (!(flags['audit-log-truncate-max-event-size'] >= 1_024))
    throw new UserError('--audit-log-truncate-max-event-size: must be a number, 1024 or more');
  const policyFile = flags['audit-policy-file'];
  const webhookFile = flags['audit-webhook-config-file'];
  const path = flags['audit-log-path'];
  return {
    policy:
      policyFile === undefined ? undefined : readPolicy(await read(policyFile), `--audit-policy-file ${policyFile}`),
    log: path
      ? {
          path,
          maxMegabytes: flags['audit-log-maxsize'],
          maxBackups: flags['audit-log-maxbackup'],
          maxAgeDays: flags['audit-log-maxage'],
        }
      : undefined,
    webhook:
      webhookFile === undefined ? undefined : await readWebhookTarget(webhookFile, '--audit-webhook-config-file'),
    maxEventBytes: flags['audit-log-truncate-max-event-size'],
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`--audit-policy-file ${path}: ${errorText(error)}`);
  }
}
