/** What `cluster-info` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text, texts } from '../../options.ts';

export const clusterInfoCommand: Command = {
  usage: 'cluster-info [action]',
  describe:
    'Where the control plane and the services of the cluster are; cluster-info dump: all that helps to find a fault',
  options: {
    'output-directory': text('dump: a folder to write to; default: it is printed'),
    output: text('dump: json or yaml', { alias: 'o', choices: ['json', 'yaml'] }),
    namespaces: texts('dump: which ones, separated by commas; default: the present one and kube-system'),
    'all-namespaces': flag('dump: all of them', { alias: 'A' }),
  },
  load: () => import('./run.ts'),
};
