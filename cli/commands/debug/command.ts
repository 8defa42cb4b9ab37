/** What `debug` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text, texts } from '../../options.ts';

export const debugCommand: Command = {
  usage: 'debug [words..]',
  describe:
    'Look into what runs: debug -it web --image=busybox --target=app, debug web -it --copy-to=web2 --set-image=app=img, ' +
    'debug node/n1 -it --image=busybox',
  takesRest: true,
  options: {
    image: text('The image of the container that is added'),
    container: text('Its name, or with --copy-to that of a container of the copy', { alias: 'c' }),
    target: text('Share the processes of this container'),
    'copy-to': text('Debug a copy of the pod, of this name'),
    'set-image': text('--copy-to: other images, CONTAINER=IMAGE or *=IMAGE, separated by commas'),
    'share-processes': flag('--copy-to: all containers see all processes'),
    'same-node': flag('--copy-to: on the node of the pod'),
    replace: flag('--copy-to: delete the pod that is copied'),
    'keep-labels': flag('--copy-to: with the labels of the pod'),
    'keep-annotations': flag('--copy-to: with the annotations of the pod'),
    'keep-liveness': flag('--copy-to: with its liveness probes'),
    'keep-readiness': flag('--copy-to: with its readiness probes'),
    'keep-startup': flag('--copy-to: with its startup probes'),
    'keep-init-containers': flag('--copy-to: with its init containers', { default: true }),
    profile: text('Which rights the container has', {
      choices: ['legacy', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin'],
      default: 'legacy',
    }),
    'arguments-only': flag('What is behind -- are arguments, not the command'),
    env: texts('NAME=VALUE'),
    'image-pull-policy': text('Always, IfNotPresent or Never'),
    stdin: flag('Pass the input on', { alias: 'i' }),
    tty: flag('With a terminal', { alias: 't' }),
    attach: flag('Go on with its output; as -i does'),
    quiet: flag('Only what the container writes', { alias: 'q' }),
  },
  load: () => import('./run.ts'),
};
