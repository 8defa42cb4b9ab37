/** What `wait` is called and takes. */

import type { Command } from '../../command.ts';
import { selection, text } from '../../options.ts';

export const waitCommand: Command = {
  usage: 'wait [resources..]',
  describe: 'Wait until objects are in a state: wait pod/web --for condition=Ready',
  options: {
    for: text('condition=NAME[=VALUE], delete, create, or jsonpath={.path}=VALUE', { demandOption: true }),
    timeout: text('How long at most', { default: '30s' }),
    ...selection,
  },
  load: () => import('./run.ts'),
};
