/** What `autoscale` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, output, text } from '../../options.ts';

export const autoscaleCommand: Command = {
  usage: 'autoscale [resources..]',
  describe: 'Let the number of replicas follow what is used: autoscale deployment/web --min 2 --max 10 --cpu 80%',
  options: {
    ...output,
    ...dryRun,
    ...fieldManager,
    min: text('As few as that; default: what the server takes, 1'),
    max: text('As many as that'),
    cpu: text('How much of it each pod shall use: 80% of its request, or 500m'),
    memory: text('How much of it each pod shall use: 80% of its request, or 200Mi'),
    'cpu-percent': text('The same as --cpu with a percent sign (classic)'),
    name: text('Of the autoscaler; default: that of what it scales'),
  },
  load: () => import('./run.ts'),
};
