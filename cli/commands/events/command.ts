/** What `events` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, output, text, texts } from '../../options.ts';

export const eventsCommand: Command = {
  usage: 'events',
  describe: 'What happened, the oldest first: events, events --for pod/web --watch',
  options: {
    ...output,
    'all-namespaces': flag('In all namespaces', { alias: 'A' }),
    for: text('Only what concerns this object, e.g. pod/web'),
    types: texts('Only these types, e.g. Warning'),
    watch: flag('Go on and show what comes', { alias: 'w' }),
    'no-headers': flag('Without the line of column names'),
    'chunk-size': text('Lists are read whole', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
