/**
 * Which requests a proxy serves: it has the rights of its user, so pages of other sites that a browser shows must not get
 * through, neither by their own origin nor by a name that they have made to mean this machine. Pure.
 */

import { RE2JS } from 're2js';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';

export interface AskedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly host: string;
  readonly origin: string | undefined;
}

/** A sentence: why it is not served. Undefined: it is. */
export type RequestFilter = (request: AskedRequest) => string | undefined;

/** Throws UserError. */
export function requestFilter(args: Arguments): RequestFilter {
  if (isSet(args, 'disable-filter')) return () => undefined;
  const [hosts, paths, badPaths, badMethods] = ['accept-hosts', 'accept-paths', 'reject-paths', 'reject-methods'].map(
    (flag) => matcherOf(flag, textOf(args, flag) ?? ''),
  );
  return ({ method, path, host, origin }) => {
    if (!hosts?.(hostnameOf(host))) return `Host ${host} is not served`;
    if (origin !== undefined && origin !== `http://${host}`) return `Pages of ${origin} are not served`;
    if (badMethods?.(method)) return `Method ${method} is not served`;
    if (!paths?.(path) || badPaths?.(path)) return `Path ${path} is not served`;
    return undefined;
  };
}

/** Without the port. */
const hostnameOf = (host: string): string => host.replace(/:\d+$/, '');

function matcherOf(flag: string, list: string): (text: string) => boolean {
  try {
    const patterns = list.split(',').map((pattern) => RE2JS.compile(pattern));
    return (text) => patterns.some((pattern) => pattern.matcher(text).find());
  } catch (cause) {
    throw new UserError(`error: --${flag}: ${list} is no list of regular expressions`, { cause });
  }
}
