/** What `attach` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const attachCommand: Command = {
  usage: 'attach <words..>',
  describe: 'Go on with what runs in a container: attach web, attach -it deploy/web',
  options: {
    container: text('Which container', { alias: 'c' }),
    stdin: flag('Pass the input on', { alias: 'i' }),
    tty: flag('With a terminal', { alias: 't' }),
    quiet: flag('Only what the process writes', { alias: 'q' }),
    'pod-running-timeout': text('How long to wait for a pod', { default: '1m' }),
  },
  load: () => import('./run.ts'),
};
