/** What `proxy` is called and takes; classic: `kubecfg -proxy -www DIR`. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const proxyCommand: Command = {
  usage: 'proxy',
  describe: 'Serve the API, and a folder at /static/, on this machine only (classic: -proxy -www DIR)',
  options: {
    www: text('A folder to serve', { alias: 'w' }),
    'www-prefix': text('Where the folder is', { alias: 'P', default: '/static/' }),
    'api-prefix': text('Where the API is', { default: '/' }),
    address: text('On which address', { default: '127.0.0.1' }),
    port: text('On which port; 0: a free one', { alias: 'p', default: '8001' }),
    'accept-hosts': text('Host headers that are served', { default: '^localhost$,^127\\.0\\.0\\.1$,^\\[::1\\]$' }),
    'accept-paths': text('Paths that are served', { default: '^.*' }),
    'reject-paths': text('Paths that are not', { default: '^/api/.*/pods/.*/exec,^/api/.*/pods/.*/attach' }),
    'reject-methods': text('Methods that are not', { default: '^$' }),
    'disable-filter': flag('Serve whoever asks for whatever: anyone who can reach it has your rights'),
  },
  load: () => import('./run.ts'),
};
