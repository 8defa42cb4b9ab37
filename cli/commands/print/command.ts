/** What `print` is called and takes. */

import type { Command } from '../../command.ts';
import { config, output } from '../../options.ts';

export const printCommand: Command = {
  usage: 'print [resource]',
  describe: 'Print what a file holds: print -c FILE (classic)',
  options: { ...output, config: { ...config, demandOption: true } },
  load: () => import('./run.ts'),
};
