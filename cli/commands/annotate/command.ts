/** What `annotate` is called and takes. */

import type { Command } from '../../command.ts';
import { changeOptions } from '../../options.ts';

export const annotateCommand: Command = {
  usage: 'annotate [words..]',
  describe: 'Change annotations: annotate pod web note=x old-; --list shows them',
  options: changeOptions('annotations'),
  load: () => import('./run.ts'),
};
