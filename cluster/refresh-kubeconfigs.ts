/** Rewrites the kubeconfigs of a data directory after what they hold, or name, was replaced. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { isRecord } from '../api/json-record.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { UserError } from '../base/user-error.ts';
import { readAuthority } from './authorities.ts';
import { componentUsers, writeKubeconfig } from './kubeconfig.ts';
import { filesOf, readPair } from './pki-files.ts';

/** Those that are there; where they lead to stays as it is. Resolves with the administrator's, which others may have copied. */
export async function refreshKubeconfigs(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'pki');
  const authority = await readAuthority(folder, 'ca');
  const admin = await readPair(folder, 'admin');
  if (authority === undefined || admin === undefined)
    throw new UserError(`${folder} holds no certificates of a cluster`);
  const file = join(dataDir, 'admin.kubeconfig');
  const server = await serverOf(file);
  if (server !== undefined)
    await writeKubeconfig(file, { server, certificateAuthority: authority.bundle, user: 'admin', client: admin });
  for (const user of componentUsers) {
    const path = join(dataDir, `${user}.kubeconfig`);
    const own = await serverOf(path);
    if (own === undefined) continue;
    const certificateAuthority = { authorityFile: authority.certificateFile };
    await writeKubeconfig(path, { server: own, certificateAuthority, user, client: filesOf(folder, user) });
  }
  return file;
}

async function serverOf(kubeconfig: string): Promise<string | undefined> {
  const text = await ifFilePresent(readFile(kubeconfig, 'utf8'));
  const root = text === undefined ? undefined : load(text);
  const [first] = isRecord(root) && Array.isArray(root.clusters) ? root.clusters : [];
  const server = isRecord(first) && isRecord(first.cluster) ? first.cluster.server : undefined;
  return typeof server === 'string' ? server : undefined;
}
