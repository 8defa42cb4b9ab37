/** What `delete` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, flag, selection, text } from '../../options.ts';

export const deleteCommand: Command = {
  usage: 'delete [resources..]',
  describe: 'Delete objects: delete pod/web, delete pods -l app=web, delete -f FILE',
  options: {
    ...selection,
    ...dryRun,
    output: text('name: only the names', { alias: 'o', choices: ['name'] }),
    cascade: text('What becomes of dependents', {
      choices: ['background', 'foreground', 'orphan'],
      implied: 'background',
      requiresArg: false,
    }),
    'grace-period': text('Seconds that containers get to end; -1: their own', { default: '-1' }),
    now: flag('As good as at once: with a second to end'),
    force: flag('Take it out of the API without waiting for its end'),
    wait: flag('Wait until they are gone', { default: true }),
    timeout: text('How long to wait; 0: as long as it takes', { default: '0' }),
    'ignore-not-found': flag('What is not there is no error'),
  },
  load: () => import('./run.ts'),
};
