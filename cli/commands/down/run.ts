/** `down`: removes the cluster of a data directory from this machine. */

import { down } from '../../../cluster/down.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import { parseDataDir } from '../../data-dir.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  await down(session, {
    dataDir: parseDataDir(textOf(args, 'data-dir')),
    clusterId: textOf(args, 'cluster'),
    clusterCidr: textOf(args, 'cluster-cidr'),
    keepData: isSet(args, 'keep-data'),
  });
}
