/** Which folder a cluster is in, as `--data-dir` says. */

import { resolve } from 'node:path';
import { packageRoot } from '../base/package-root.ts';
import { UserError } from '../base/user-error.ts';
import { defaultDataDir } from '../cluster/cluster-options.ts';

/** An empty text is a variable that was not set, and would mean the folder one happens to be in. */
export function parseDataDir(text = defaultDataDir): string {
  if (text.trim() === '') throw new UserError('--data-dir is empty: name a folder');
  const folder = resolve(text);
  if (folder === '/' || folder === packageRoot) {
    throw new UserError(`--data-dir ${folder} is no folder for a cluster: name one of its own`);
  }
  return folder;
}
