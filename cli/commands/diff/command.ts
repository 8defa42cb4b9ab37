/** What `diff` is called and takes. */

import type { Command } from '../../command.ts';
import { fieldManager, fileOptions, flag } from '../../options.ts';

export const diffCommand: Command = {
  usage: 'diff',
  describe: 'Show what apply would change; ends with 1 when that is anything, with 2 when it cannot be said',
  failureCode: 2,
  options: {
    ...fileOptions,
    ...fieldManager,
    'server-side': flag('As it is always', { hidden: true }),
    'force-conflicts': flag('Also fields that other managers own', { hidden: true }),
    'show-managed-fields': flag('Also who set which field'),
  },
  load: () => import('./run.ts'),
};
