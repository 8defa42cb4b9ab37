/** What `api-versions` is called and takes. */

import type { Command } from '../../command.ts';

export const apiVersionsCommand: Command = {
  usage: 'api-versions',
  describe: 'List the versions of groups that the server has',
  load: () => import('./run.ts'),
};
