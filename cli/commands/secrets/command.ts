/** What `secrets` is called and takes. */

import type { Command } from '../../command.ts';
import { text } from '../../options.ts';

export const secretsCommand: Command = {
  usage: 'secrets <action>',
  describe: 'How Secrets are encrypted in etcd (status), and a new key for them (rotate-key)',
  options: {
    'data-dir': text('Of the cluster, whose file is meant'),
    file: text('The file of --encryption-provider-config, where it is another one'),
    'api-servers': text('URLs of all API servers that use the file; default: those of the kubeconfig'),
  },
  load: () => import('./run.ts'),
};
