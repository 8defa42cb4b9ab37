/** What `api-resources` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text, texts } from '../../options.ts';

export const apiResourcesCommand: Command = {
  usage: 'api-resources',
  describe: 'List the resources that the server has',
  options: {
    output: text('wide or name', { alias: 'o', choices: ['wide', 'name'] }),
    'api-group': text('Only of this group'),
    namespaced: flag('Only those in namespaces; =false: only others'),
    verbs: texts('Only what can do all of these, separated by commas'),
    categories: texts('Only of these categories, separated by commas'),
    'sort-by': text('name or kind', { choices: ['name', 'kind'] }),
    'no-headers': flag('Without the line of column names'),
    cached: flag('The server is always asked', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
