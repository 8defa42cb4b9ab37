/** `down`: removes the cluster of a data directory from this machine. */

import { resolve } from 'node:path';
import { down } from '../cluster/down.ts';
import { type Arguments, isSet, textOf } from '../command.ts';
import { defaultDataDir } from '../kubeconfig-search.ts';
import type { Session } from '../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await down(session, {
    dataDir: resolve(textOf(args, 'data-dir') ?? defaultDataDir),
    clusterId: textOf(args, 'cluster'),
    clusterCidr: textOf(args, 'cluster-cidr'),
    keepData: isSet(args, 'keep-data'),
  });
}
