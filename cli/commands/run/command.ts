/** What `run` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fieldManager, flag, output, text, texts } from '../../options.ts';

export const runCommand: Command = {
  usage: 'run <name> [replicas] [controller]',
  describe: 'Run a pod: run NAME --image IMAGE; classic: run IMAGE REPLICAS NAME, under a replication controller',
  takesRest: true,
  options: {
    ...output,
    ...dryRun,
    ...fieldManager,
    image: text('The image of the pod NAME'),
    command: flag('What is behind -- is the command, not its arguments'),
    env: texts('NAME=VALUE'),
    port: text('The port that the pod serves'),
    overrides: text('JSON that is written over the pod'),
    'override-type': text('What --overrides is', { choices: ['merge', 'json'], default: 'merge' }),
    labels: text('KEY=VALUE, separated by commas; default: run=NAME', { alias: 'l' }),
    annotations: texts('KEY=VALUE'),
    restart: text('Always, OnFailure or Never', { choices: ['Always', 'OnFailure', 'Never'], default: 'Always' }),
    'image-pull-policy': text('Always, IfNotPresent or Never'),
    privileged: flag('With all rights on its node'),
    stdin: flag('Pass the input on', { alias: 'i' }),
    tty: flag('With a terminal', { alias: 't' }),
    attach: flag('Go on with its output; as -i does'),
    rm: flag('Delete the pod when it has ended'),
    quiet: flag('Only what the pod writes', { alias: 'q' }),
    expose: flag('Also make a Service on --port'),
    'pod-running-timeout': text('How long to wait for the pod', { default: '1m' }),
    ports: text('HOST:CONTAINER or CONTAINER, separated by commas', { alias: 'p' }),
    service: text('Also make a service on this port', { alias: 's' }),
  },
  load: () => import('./run.ts'),
};
