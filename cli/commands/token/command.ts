/** What `token` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const tokenCommand: Command = {
  usage: 'token <action> [id]',
  describe: 'Tokens by which hosts join: token create, token list, token revoke ID',
  options: {
    ttl: text('create: how long it is good: 90s, 1h; 0: for ever', { default: '1h' }),
    uses: text('create: for how many hosts; 0: any number', { default: '1' }),
    role: text('create: what a host becomes with it', { default: 'worker' }),
    description: text('create: what it is for'),
    server: text('create: by which address or name hosts reach the master; default: as the cluster says'),
  },
  load: () => import('./run.ts'),
};
