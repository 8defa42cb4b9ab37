/** What `apply` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag, text } from '../../options.ts';

export const applyCommand: Command = {
  usage: 'apply',
  describe: 'Make objects be as a file says, whether they exist or not',
  options: {
    filename: { ...filename, demandOption: true },
    'force-conflicts': flag('Also change fields that other managers own'),
    'dry-run': flag('Only ask the server what would happen'),
    wait: flag('Until what was applied has rolled out; when it fails, the cause and exit code 1'),
    timeout: text('--wait: give up after this time, 0s for never', { default: '0s' }),
  },
  load: () => import('./run.ts'),
};
