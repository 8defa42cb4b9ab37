/** What `rollingupdate` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const rollingupdateCommand: Command = {
  usage: 'rollingupdate <controller>',
  describe: 'Replace the pods of a replication controller one by one',
  options: {
    image: text('A new image for its first container'),
    update: text('Wait so long between two pods', { alias: 'u', default: '60s' }),
  },
  load: () => import('./run.ts'),
};
