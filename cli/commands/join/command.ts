/** What `join` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';
import { nodeFlags, upOptions } from '../up/up-options.ts';

export const joinCommand: Command = {
  usage: 'join [master]',
  describe: 'Make this host a worker: join MASTER --token TOKEN, the line that "token create" prints',
  options: {
    token: text('What "kubecfg token create" printed'),
    'token-file': text('A file that holds it'),
    foreground: flag('Stay in the foreground, although systemd runs here'),
    ...Object.fromEntries(nodeFlags.map((name) => [name, upOptions[name] ?? {}])),
  },
  load: () => import('./run.ts'),
};
