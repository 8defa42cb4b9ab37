/** What `cordon` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, selector } from '../../options.ts';

export const cordonCommand: Command = {
  usage: 'cordon [names..]',
  describe: 'No new pods on nodes: cordon NODE…, cordon -l LABELS',
  options: { ...dryRun, selector },
  load: () => import('./run.ts'),
};
