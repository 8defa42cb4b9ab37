/** What `label` is called and takes. */

import type { Command } from '../../command.ts';
import { changeOptions } from '../../options.ts';

export const labelCommand: Command = {
  usage: 'label [words..]',
  describe: 'Change labels: label pod web app=x tier-, label pods --all app=x; --list shows them',
  options: changeOptions('labels'),
  load: () => import('./run.ts'),
};
