/** What `rollout` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, fileOptions, flag, output, selector, text } from '../../options.ts';

export const rolloutCommand: Command = {
  usage: 'rollout <action> [resources..]',
  describe: 'How a workload rolls out: rollout status|history|undo|pause|resume|restart deployment/web',
  options: {
    ...output,
    ...fileOptions,
    ...dryRun,
    ...fieldManager,
    selector,
    watch: flag('status: until it is over', { alias: 'w', default: true }),
    timeout: text('status: give up after this time, 0s for never', { default: '0s' }),
    revision: text('status: fail when another revision rolls out; history: show this one whole', { default: '0' }),
    'to-revision': text('undo: go back to this revision, 0 for the last one', { default: '0' }),
  },
  load: () => import('./run.ts'),
};
