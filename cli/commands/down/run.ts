/** `down`: removes the cluster of a data directory from this machine. */

import { down } from '../../../cluster/down.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseDataDir } from '../../data-dir.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await down(context, {
    dataDir: parseDataDir(textOf(args, 'data-dir')),
    clusterId: textOf(args, 'cluster'),
    clusterCidr: textOf(args, 'cluster-cidr'),
    keepData: isSet(args, 'keep-data'),
  });
}
