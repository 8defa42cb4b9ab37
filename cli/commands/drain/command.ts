/** What `drain` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, flag, selector, text } from '../../options.ts';

export const drainCommand: Command = {
  usage: 'drain [names..]',
  describe: 'Empty nodes by evictions, which keep disruption budgets: drain NODE…, drain -l LABELS',
  options: {
    ...dryRun,
    selector,
    'ignore-daemonsets': flag('Leave pods of DaemonSets where they are'),
    'delete-emptydir-data': flag('Also pods with emptyDir volumes, whose data are lost'),
    force: flag('Also pods that nobody makes again'),
    'disable-eviction': flag('Delete pods, whatever the budgets say'),
    'grace-period': text('Seconds for each pod to end; -1: its own', { default: '-1' }),
    'pod-selector': text('Only pods whose labels match'),
    'skip-wait-for-delete-timeout': text('Do not wait for pods that end for longer than so many seconds', {
      default: '0',
    }),
    timeout: text('How long to go on; 0: for ever', { default: '0' }),
    'chunk-size': text('Lists are read whole', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
