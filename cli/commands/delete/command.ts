/** What `delete` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag, selector, text } from '../../options.ts';

export const deleteCommand: Command = {
  usage: 'delete [resources..]',
  describe: 'Delete objects: delete pod/web, delete pods -l app=web, delete -f FILE',
  options: {
    filename,
    selector,
    all: flag('All objects of the resource'),
    'grace-period': text('Seconds that containers get to end'),
    cascade: text('What becomes of dependents', { choices: ['background', 'foreground', 'orphan'] }),
    wait: flag('Wait until they are gone', { default: true }),
    'ignore-not-found': flag('What is not there is no error'),
  },
  load: () => import('./run.ts'),
};
