/** The flags that say who is asked what users may do, under upstream's names, and what they mean. */

import type { InferredOptionTypes, Options } from 'yargs';
import { parseDurationMs } from '../base/duration.ts';
import { UserError } from '../base/user-error.ts';
import type { AuthorizationOptions } from './wire-authorization.ts';

export const authorizationFlags = {
  'authorization-mode': {
    type: 'string',
    array: true,
    describe: 'Who is asked what users may do, of Node, RBAC, Webhook, AlwaysAllow, AlwaysDeny. Default: Node,RBAC',
  },
  'authorization-config': {
    type: 'string',
    describe: 'An AuthorizationConfiguration: who is asked, in which order, with which webhooks',
  },
  'authorization-webhook-config-file': { type: 'string', describe: 'A kubeconfig with the server of the mode Webhook' },
  'authorization-webhook-version': { type: 'string', describe: 'Of its SubjectAccessReviews. Default: v1beta1' },
  'authorization-webhook-cache-authorized-ttl': {
    type: 'string',
    describe: 'How long its yes is remembered. Default: 5m',
  },
  'authorization-webhook-cache-unauthorized-ttl': {
    type: 'string',
    describe: 'How long anything else is. Default: 30s',
  },
} as const satisfies Record<string, Options>;

/** Throws UserError. */
export function authorizationOptionsOf(flags: InferredOptionTypes<typeof authorizationFlags>): AuthorizationOptions {
  const kubeconfigFile = flags['authorization-webhook-config-file'];
  const [version, authorized, unauthorized] = (
    [
      'authorization-webhook-version',
      'authorization-webhook-cache-authorized-ttl',
      'authorization-webhook-cache-unauthorized-ttl',
    ] as const
  ).map((name) => {
    const value = flags[name];
    if (value !== undefined && kubeconfigFile === undefined)
      throw new UserError(`--${name} needs --authorization-webhook-config-file`);
    return value;
  });
  return {
    modes: flags['authorization-mode']?.flatMap((modes) => modes.split(',')).filter((mode) => mode !== ''),
    configurationFile: flags['authorization-config'],
    webhook:
      kubeconfigFile === undefined
        ? undefined
        : {
            kubeconfigFile,
            version,
            authorizedTtlMs: ttlOf('authorized', authorized),
            unauthorizedTtlMs: ttlOf('unauthorized', unauthorized),
          },
  };
}

function ttlOf(what: string, text: string | undefined): number | undefined {
  const ms = text === undefined ? undefined : parseDurationMs(text);
  if (text !== undefined && (ms === undefined || ms < 0))
    throw new UserError(`--authorization-webhook-cache-${what}-ttl ${text}: must be like 5m or 30s; 0: not at all`);
  return ms;
}
