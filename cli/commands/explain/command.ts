/** What `explain` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const explainCommand: Command = {
  usage: 'explain <field>',
  describe: 'What fields a kind has and what they mean: explain pod.spec.containers',
  options: {
    recursive: flag('All fields below, without what they mean'),
    'api-version': text('Of this version, GROUP/VERSION'),
    output: text('plaintext', { choices: ['plaintext', 'plaintext-openapiv2'], hidden: true }),
  },
  load: () => import('./run.ts'),
};
