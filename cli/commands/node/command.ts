/** What `node` is called and takes: kubectl's flags where kubectl has the command. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const nodeCommand: Command = {
  usage: 'node <action> [names..]',
  describe: 'Nodes: node list, and node cordon|uncordon|drain|remove NAME…',
  options: {
    'ignore-daemonsets': flag('drain: leave pods of DaemonSets where they are'),
    'delete-emptydir-data': flag('drain: also pods with emptyDir volumes, whose data are lost'),
    force: flag('drain: also pods that nobody makes again; remove: also a node whose pods cannot be evicted'),
    'grace-period': text('drain: seconds for each pod to end; default: its own'),
    timeout: text('drain: how long to go on; 0: for ever', { default: '0' }),
  },
  load: () => import('./run.ts'),
};
