/** What `certificate` is called and takes. */

import type { Command } from '../../command.ts';
import { fileOptions, flag, output } from '../../options.ts';

export const certificateCommand: Command = {
  usage: 'certificate <action> [names..]',
  describe: 'Certificate signing requests: certificate approve NAME, certificate deny NAME',
  options: { ...fileOptions, ...output, force: flag('Also write down what is decided that way already') },
  load: () => import('./run.ts'),
};
