/** Why a file that the user named cannot be read, in one sentence. */

import { UserError } from '../base/user-error.ts';

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ELOOP: 'too many symbolic links',
  EMFILE: 'too many open files',
};

/** `what` says which file it is for the user: `manifest`, `template`. */
export function readError(what: string, path: string, cause: unknown): UserError {
  const { code = '', message = String(cause) } = cause as Partial<NodeJS.ErrnoException>;
  return new UserError(`Cannot read the ${what} ${path}: ${reasons[code] ?? message}`, { cause });
}
