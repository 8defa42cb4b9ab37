/** What `get` is called and takes. */

import type { Command } from '../../command.ts';
import { filename, flag, output, selector, text, texts } from '../../options.ts';

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
    'watch-only': flag('Only show changes'),
    'output-watch-events': flag('-w: also what happened to each: ADDED, MODIFIED, DELETED'),
    'show-labels': flag('Also show labels'),
    'label-columns': texts('Also show these labels, each in a column', { alias: 'L' }),
    'show-kind': flag('Names with their kind'),
    'sort-by': text('By the value at this path, e.g. .metadata.creationTimestamp'),
    'ignore-not-found': flag('What is not there is no error'),
    subresource: text('A part of the objects, such as status or scale'),
    raw: text('What the server answers at this path'),
    recursive: flag('-f: also folders in folders', { alias: 'R' }),
    'chunk-size': text('How many the server gives at a time', { hidden: true }),
    'server-print': flag('Tables are always made by the server', { hidden: true }),
    'no-headers': flag('Without the line of column names'),
  },
  load: () => import('./run.ts'),
};
