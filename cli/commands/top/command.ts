/** What `top` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, selector, text } from '../../options.ts';

export const topCommand: Command = {
  usage: 'top <resource> [name]',
  describe: 'What pods or nodes use of cpu and memory, and of a disk: top node, top pod -A --containers, top disk NODE',
  options: {
    selector,
    'field-selector': text('Only objects whose fields match'),
    'all-namespaces': flag('In all namespaces', { alias: 'A' }),
    containers: flag('pod, disk: each container'),
    sum: flag('pod: also what they use together'),
    'sort-by': text('cpu or memory', { choices: ['cpu', 'memory'] }),
    'no-headers': flag('Without the line of column names'),
    'show-capacity': flag('node: of all that the machine has, not of what pods may have'),
    'use-protocol-buffers': flag('JSON is used', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
