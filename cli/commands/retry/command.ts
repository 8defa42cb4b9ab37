/** What `retry` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const retryCommand: Command = {
  usage: 'retry <resources..>',
  describe: 'Try now what a pod waits to try again (starts, pulls, mounts): retry web, retry deployment/web',
  options: {
    wait: { type: 'boolean', default: true, describe: 'Follow it until it has succeeded or failed' },
    timeout: text('How long to follow it', { default: '5m' }),
  },
  load: () => import('./run.ts'),
};
