/** What `update` is called and takes. */

import type { Command } from '../../command.ts';
import { config, output } from '../../options.ts';

export const updateCommand: Command = {
  usage: 'update <resource>',
  describe: 'Replace an object: update pods/ID -c FILE (classic)',
  options: { ...output, config },
  load: () => import('./run.ts'),
};
