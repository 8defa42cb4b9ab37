/** What `why` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const whyCommand: Command = {
  usage: 'why <resources..>',
  describe: 'Say what keeps an object from being as it should: why pod/web, why deployment/web, why web',
  options: {
    output: text('json', { alias: 'o', choices: ['json'] }),
    tail: text('Log lines of a container that fails', { default: '10' }),
  },
  load: () => import('./run.ts'),
};
