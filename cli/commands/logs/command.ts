/** What `logs` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const logsCommand: Command = {
  usage: 'logs <pod>',
  describe: 'Print what a container writes',
  options: {
    follow: flag('Go on as it writes', { alias: 'f' }),
    container: text('Which container', { alias: 'c' }),
    previous: flag('Of the container before the last restart', { alias: 'p' }),
    tail: text('Only the last so many lines'),
    since: text('Only the last so long, e.g. 10m'),
    timestamps: flag('With the time of each line'),
  },
  load: () => import('./run.ts'),
};
