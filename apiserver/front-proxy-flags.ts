/** The flags that say which proxy before the API server is believed, and who the server is before others: upstream's. */

import { UserError } from '../base/user-error.ts';
import { defaultFrontProxyHeaders } from './authentication/front-proxy.ts';
import type { FrontProxyOptions } from './wire-authentication.ts';

const text = { type: 'string' } as const;
const list = { type: 'string', array: true } as const;

export const frontProxyFlags = {
  'requestheader-client-ca-file': { ...text, describe: 'Signs the client certificates of proxies that name users' },
  'requestheader-allowed-names': { ...list, describe: 'CNs of those proxies, with commas. Default: any' },
  'requestheader-username-headers': { ...list, describe: 'Where they say the name. Default: X-Remote-User' },
  'requestheader-uid-headers': { ...list, describe: 'Where they say the uid. Default: nowhere' },
  'requestheader-group-headers': { ...list, describe: 'Where they say the groups. Default: X-Remote-Group' },
  'requestheader-extra-headers-prefix': { ...list, describe: 'Of further headers. Default: X-Remote-Extra-' },
  'proxy-client-cert-file': { ...text, describe: 'Our certificate for servers that requests are passed on to' },
  'proxy-client-key-file': { ...text, describe: 'Its key' },
} as const;

export interface FrontProxyFlags {
  readonly 'requestheader-client-ca-file'?: string | undefined;
  readonly 'requestheader-allowed-names'?: readonly unknown[] | undefined;
  readonly 'requestheader-username-headers'?: readonly unknown[] | undefined;
  readonly 'requestheader-uid-headers'?: readonly unknown[] | undefined;
  readonly 'requestheader-group-headers'?: readonly unknown[] | undefined;
  readonly 'requestheader-extra-headers-prefix'?: readonly unknown[] | undefined;
  readonly 'proxy-client-cert-file'?: string | undefined;
  readonly 'proxy-client-key-file'?: string | undefined;
}

/** Undefined: no proxy is believed. Throws a UserError. */
export function frontProxyOf(flags: FrontProxyFlags): FrontProxyOptions | undefined {
  const authorityFile = flags['requestheader-client-ca-file'];
  if (authorityFile === undefined) return undefined;
  const named = (flag: keyof FrontProxyFlags, otherwise: readonly string[]) => {
    const given = namesOf(flags[flag]);
    if (given.some((one) => one.trim() === '')) throw new UserError(`--${flag} must not name nothing`);
    return given.length > 0 ? given : otherwise;
  };
  const { user, uid, group, extraPrefixes } = defaultFrontProxyHeaders;
  return {
    authority: { authorityFile },
    allowedNames: named('requestheader-allowed-names', []),
    headers: {
      user: named('requestheader-username-headers', user),
      uid: named('requestheader-uid-headers', uid),
      group: named('requestheader-group-headers', group),
      extraPrefixes: named('requestheader-extra-headers-prefix', extraPrefixes),
    },
  };
}

/** Throws a UserError when one of the two is missing. */
export function proxyClientOf(flags: FrontProxyFlags) {
  const [certificateFile, keyFile] = [flags['proxy-client-cert-file'], flags['proxy-client-key-file']];
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new UserError('--proxy-client-cert-file and --proxy-client-key-file belong together');
  return certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile, keyFile };
}

const namesOf = (value: string | readonly unknown[] | undefined): string[] =>
  [value ?? []].flat().flatMap((one) => String(one).split(','));
