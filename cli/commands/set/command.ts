/** What `set` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, flag, output, selection, text, texts } from '../../options.ts';

export const setCommand: Command = {
  usage: 'set <what> [words..]',
  describe:
    'Change one thing of a pod template: set image deployment/web c=img:2, set env deployment/web A=1 B-, ' +
    'set resources deployment/web --limits cpu=1, set serviceaccount, set selector, set subject',
  options: {
    ...output,
    ...selection,
    ...dryRun,
    ...fieldManager,
    containers: text('env, resources: only containers with such names', { alias: 'c', default: '*' }),
    env: texts('env: a variable, NAME=VALUE', { alias: 'e' }),
    from: text('env: all of a ConfigMap or Secret: configmap/NAME, secret/NAME'),
    prefix: text('env --from: what the names begin with'),
    keys: texts('env --from: only these keys'),
    overwrite: flag('env: also change variables that have another value', { default: true }),
    list: flag('env: only show the variables'),
    local: flag('Only change what -f says, and print it'),
    limits: text('resources: cpu=200m,memory=512Mi'),
    requests: text('resources: cpu=200m,memory=512Mi'),
    serviceaccount: texts('subject: NAMESPACE:NAME'),
    user: texts('subject: a user'),
    group: texts('subject: a group'),
  },
  load: () => import('./run.ts'),
};
