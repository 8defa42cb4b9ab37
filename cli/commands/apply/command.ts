/** What `apply` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag } from '../../options.ts';

export const applyCommand: Command = {
  usage: 'apply',
  describe: 'Make objects be as a file says, whether they exist or not',
  options: {
    filename: { ...filename, demandOption: true },
    'force-conflicts': flag('Also change fields that other managers own'),
    'dry-run': flag('Only ask the server what would happen'),
  },
  load: () => import('./run.ts'),
};
