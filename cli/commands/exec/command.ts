/** What `exec` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag, text } from '../../options.ts';

export const execCommand: Command = {
  usage: 'exec [words..]',
  describe: 'Run a command in a container: exec web -- ls, exec -it deploy/web -c app -- sh',
  takesRest: true,
  options: {
    filename,
    container: text('Which container', { alias: 'c' }),
    stdin: flag('Pass the input on', { alias: 'i' }),
    tty: flag('With a terminal', { alias: 't' }),
    quiet: flag('Only what the command writes', { alias: 'q' }),
    'pod-running-timeout': text('How long to wait for a pod', { default: '1m' }),
  },
  load: () => import('./run.ts'),
};
