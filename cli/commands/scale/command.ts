/** What `scale` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const scaleCommand: Command = {
  usage: 'scale [resources..]',
  describe: 'Change the number of replicas: scale rc/web --replicas 5',
  options: {
    replicas: text('How many', { demandOption: true }),
    'current-replicas': text('Only when there are so many now'),
  },
  load: () => import('./run.ts'),
};
