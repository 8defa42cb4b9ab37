/** What of a log is asked for, from flags. Pure. */

import { UserError } from '../../../base/user-error.ts';
import { queryString } from '../../../client/resource-path.ts';
import { type Arguments, countOf, durationMs, isSet, textOf } from '../../arguments.ts';

/** Parameters that replace those of the flags, or come beside them. */
export type LogParameters = Parameters<typeof queryString>[0];

/** The query of a container's log. Throws UserError. */
export function logQuery(args: Arguments): (container: string, more?: LogParameters) => string {
  const [since, sinceTime] = [textOf(args, 'since'), textOf(args, 'since-time')];
  if (since !== undefined && sinceTime !== undefined)
    throw new UserError('error: at most one of `sinceTime` or `sinceSeconds` may be specified');
  const seconds = since === undefined ? undefined : Math.ceil(durationMs(since, '--since') / 1000);
  const parameters = {
    follow: isSet(args, 'follow') || undefined,
    previous: isSet(args, 'previous') || undefined,
    timestamps: isSet(args, 'timestamps') || undefined,
    tailLines: tailOf(args),
    // A time of 0 is as good as none.
    sinceSeconds: seconds === 0 ? undefined : seconds,
    sinceTime,
    limitBytes: textOf(args, 'limit-bytes') === undefined ? undefined : countOf(args, 'limit-bytes', 1),
    insecureSkipTLSVerifyBackend: isSet(args, 'insecure-skip-tls-verify-backend') || undefined,
  };
  return (container, more = {}) => queryString({ container, ...parameters, ...more });
}

/** -1 is all. */
function tailOf(args: Arguments): number | undefined {
  const text = textOf(args, 'tail');
  if (text === undefined) return textOf(args, 'selector') === undefined ? undefined : 10;
  const lines = countOf(args, 'tail', -1);
  return lines === -1 ? undefined : lines;
}
