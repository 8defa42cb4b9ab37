/** What `run` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const runCommand: Command = {
  usage: 'run <image> <replicas> <controller>',
  describe: 'Run copies of an image under a replication controller',
  options: {
    ports: text('HOST:CONTAINER or CONTAINER, separated by commas', { alias: 'p' }),
    service: text('Also make a service on this port', { alias: 's' }),
  },
  load: () => import('./run.ts'),
};
