/** Which kubeconfig kubecfg reads: `--kubeconfig`, `KUBECONFIG`, the default data directory's, `~/.kube/config`. */

import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { defaultDataDir } from '../cluster/cluster-options.ts';

export interface KubeconfigSearch {
  /** The first; undefined: there is none. */
  readonly path: string | undefined;
  /** All that count, as one: what `KUBECONFIG` lists, or else the one that was found. */
  readonly paths: readonly string[];
  readonly tried: readonly string[];
}

/** What was named explicitly is taken as it is (reading it says what is wrong); of the others the first readable one. */
export async function findKubeconfig(
  named: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<KubeconfigSearch> {
  if (named !== undefined) return { path: named, paths: [named], tried: [named] };
  const listed = (environment.KUBECONFIG ?? '').split(':').filter((path) => path !== '');
  const home = environment.HOME ?? homedir();
  const tried = [...listed, join(defaultDataDir, 'admin.kubeconfig'), join(home, '.kube', 'config')];
  for (const path of tried) {
    // Of those that are listed the ones behind it count, too.
    if (await isReadable(path)) return { path, paths: listed.includes(path) ? listed : [path], tried };
  }
  return { path: listed[0], paths: listed.slice(0, 1), tried };
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false; // not there, or not ours to read: the next one then
  }
}
