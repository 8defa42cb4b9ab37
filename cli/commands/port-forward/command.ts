/** What `port-forward` is called and takes. */

import type { Command } from '../../command.ts';
import { text, texts } from '../../options.ts';

export const portForwardCommand: Command = {
  usage: 'port-forward <target> <ports..>',
  describe: 'Make ports of a pod ports of this machine: port-forward svc/web 8080:80; :80 takes a free one',
  options: {
    address: texts('On which addresses, separated by commas', { default: ['localhost'] }),
    'pod-running-timeout': text('How long to wait for a pod', { default: '1m' }),
  },
  load: () => import('./run.ts'),
};
