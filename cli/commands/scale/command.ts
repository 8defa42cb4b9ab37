/** What `scale` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, output, selection, text } from '../../options.ts';

export const scaleCommand: Command = {
  usage: 'scale [resources..]',
  describe: 'Change the number of replicas: scale rc/web --replicas 5',
  options: {
    ...output,
    ...selection,
    ...dryRun,
    ...fieldManager,
    replicas: text('How many', { demandOption: true }),
    'current-replicas': text('Only when there are so many now'),
    'resource-version': text('Only when the object has this version'),
    timeout: text('Until there are so many; 0: it is not waited for', { default: '0' }),
  },
  load: () => import('./run.ts'),
};
