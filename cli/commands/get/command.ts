/** What `get` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag, output, selector, text } from '../../options.ts';

export const getCommand: Command = {
  usage: 'get [resources..]',
  describe: 'Show objects: get pods, get pod/web, get pods,services, get all',
  options: {
    ...output,
    selector,
    filename,
    'field-selector': text('Only objects whose fields match, e.g. status.phase=Running'),
    'all-namespaces': flag('In all namespaces', { alias: 'A' }),
    watch: flag('Go on and show changes', { alias: 'w' }),
    'show-labels': flag('Also show labels'),
    'no-headers': flag('Without the line of column names'),
  },
  load: () => import('./run.ts'),
};
