/**
 * The ConfigMap `kube-system/extension-apiserver-authentication`, by which servers of other APIs learn whom this one
 * believes: the authority of clients, and that of proxies that name users in headers. In upstream's form; role
 * `extension-apiserver-authentication-reader`.
 */

import { configMaps } from '../../api/resources/core.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { RenewedAuthority } from '../../base/renewed-authority.ts';
import type { Registries } from '../registry/registries.ts';
import { internalWriteOrCreate } from '../registry/write-request.ts';

export interface AuthenticationInfo {
  readonly clientAuthority: Pick<RenewedAuthority, 'current'>;
  readonly frontProxy?:
    | {
        readonly authority: Pick<RenewedAuthority, 'current'>;
        readonly allowedNames: readonly string[];
        /** Names of headers. */
        readonly headers: Readonly<Record<'user' | 'uid' | 'group' | 'extraPrefixes', readonly string[]>>;
      }
    | undefined;
}

export interface AuthenticationInfoOptions extends AuthenticationInfo {
  readonly registries: Registries;
  readonly clock: Clock;
  readonly logger: Logger;
}

const key = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const everyMs = 30_000;

/** Ends when `signal` aborts. Never rejects. */
export async function keepAuthenticationInfo(options: AuthenticationInfoOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  while (!signal.aborted) {
    try {
      await write(options);
    } catch (error) {
      logger.warn('could not say whom this server believes', { error });
    }
    await clock.sleep(everyMs, signal);
  }
}

async function write(options: AuthenticationInfoOptions): Promise<void> {
  const data = await dataOf(options);
  await options.registries.of(configMaps).update(key, internalWriteOrCreate, (present) => {
    if (present === undefined) return { apiVersion: 'v1', kind: 'ConfigMap', metadata: key, data };
    const before: ConfigMap['data'] = 'data' in present ? asTexts(present.data) : undefined;
    const same = Object.entries(data).every(([name, value]) => before?.[name] === value);
    return same ? present : { ...present, data: { ...before, ...data } };
  });
}

/** Upstream's keys; lists are JSON. */
export async function dataOf({ clientAuthority, frontProxy }: AuthenticationInfo): Promise<Record<string, string>> {
  const clients = { 'client-ca-file': await clientAuthority.current() };
  if (frontProxy === undefined) return clients;
  const { authority, allowedNames, headers } = frontProxy;
  return {
    ...clients,
    'requestheader-client-ca-file': await authority.current(),
    'requestheader-allowed-names': JSON.stringify(allowedNames),
    'requestheader-username-headers': JSON.stringify(headers.user),
    ...(headers.uid.length > 0 && { 'requestheader-uid-headers': JSON.stringify(headers.uid) }),
    'requestheader-group-headers': JSON.stringify(headers.group),
    'requestheader-extra-headers-prefix': JSON.stringify(headers.extraPrefixes),
  };
}

function asTexts(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.map(([name, one]) => [name, String(one)]));
}
