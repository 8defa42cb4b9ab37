/** What `describe` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, selector } from '../../options.ts';

export const describeCommand: Command = {
  usage: 'describe <resources..>',
  describe: 'Show objects in full, with their events',
  options: { selector, 'all-namespaces': flag('In all namespaces', { alias: 'A' }) },
  load: () => import('./run.ts'),
};
