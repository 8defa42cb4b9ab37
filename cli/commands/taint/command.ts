/** What `taint` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, flag, output, selector } from '../../options.ts';

export const taintCommand: Command = {
  usage: 'taint <resource> [words..]',
  describe: 'Change taints of nodes: taint node n1 key=value:NoSchedule other:NoExecute- rest-',
  options: {
    ...output,
    ...dryRun,
    ...fieldManager,
    selector,
    all: flag('All nodes'),
    overwrite: flag('Also change taints that have another value'),
  },
  load: () => import('./run.ts'),
};
