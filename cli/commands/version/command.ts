/** What `version` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const versionCommand: Command = {
  usage: 'version',
  describe: 'Show the versions of kubecfg and of the server',
  options: { output: text('json or yaml', { alias: 'o' }), client: flag('Only of kubecfg: no server is asked') },
  load: () => import('./run.ts'),
};
