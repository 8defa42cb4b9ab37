/** What `list` is called and takes. */

import type { Command } from '../../command.ts';
import { output, selector } from '../../options.ts';

export const listCommand: Command = {
  usage: 'list <resource>',
  describe: 'List a resource as a classic table: list pods, list minions',
  options: { ...output, selector },
  load: () => import('./run.ts'),
};
