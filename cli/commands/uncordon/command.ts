/** What `uncordon` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, selector } from '../../options.ts';

export const uncordonCommand: Command = {
  usage: 'uncordon [names..]',
  describe: 'New pods on nodes again: uncordon NODE…, uncordon -l LABELS',
  options: { ...dryRun, selector },
  load: () => import('./run.ts'),
};
