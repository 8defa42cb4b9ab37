/** What `completion` is called and takes. */

import type { Command } from '../../command.ts';

export const completionCommand: Command = {
  usage: 'completion <shell>',
  describe: 'A script for completion by the shell: source <(kubecfg completion bash), or zsh',
  takesRest: true,
  load: () => import('./run.ts'),
};
