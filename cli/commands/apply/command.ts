/** What `apply` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, fileOptions, flag, output, selector, text, texts } from '../../options.ts';

export const applyCommand: Command = {
  usage: 'apply',
  describe: 'Make objects be as a file says, whether they exist or not',
  options: {
    ...output,
    ...fileOptions,
    ...dryRun,
    ...fieldManager,
    'server-side': flag('As it is always; says so'),
    'force-conflicts': flag('Also change fields that other managers own'),
    wait: flag('Until what was applied has rolled out; when it fails, the cause and exit code 1'),
    timeout: text('--wait: give up after this time, 0s for never', { default: '0s' }),
    prune: flag('Delete what was applied before and is not in the files: with -l or --all'),
    'prune-allowlist': texts('--prune: only of these kinds, GROUP/VERSION/KIND'),
    selector,
    all: flag('--prune: of all labels'),
    validate: text('strict, warn or ignore fields that are unknown', { implied: 'strict', requiresArg: false }),
    overwrite: flag('The server merges', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
