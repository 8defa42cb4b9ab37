/** What `api-resources` is called and takes. */

import type { Command } from '../../command.ts';

export const apiResourcesCommand: Command = {
  usage: 'api-resources',
  describe: 'List the resources of the server',
  load: () => import('./run.ts'),
};
