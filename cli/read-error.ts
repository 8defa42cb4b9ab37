/** Why a file that the user named cannot be read, in one sentence. */

import { errorCode, errorText } from '../base/error-text.ts';
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
  return new UserError(`Cannot read the ${what} ${path}: ${reasons[errorCode(cause) ?? ''] ?? errorText(cause)}`, {
    cause,
  });
}
