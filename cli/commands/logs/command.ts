/** What `logs` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, selector, text } from '../../options.ts';

export const logsCommand: Command = {
  usage: 'logs [words..]',
  describe: 'Print what containers write: logs web, logs deploy/web -c app, logs -l app=web --prefix',
  options: {
    selector,
    follow: flag('Go on as it writes', { alias: 'f' }),
    container: text('Which container', { alias: 'c' }),
    'all-containers': flag('Of all containers of the pod'),
    'all-pods': flag('Of all pods of the workload, each line with whose it is'),
    previous: flag('Of the container before the last restart', { alias: 'p' }),
    tail: text('Only the last so many lines; default: all, with -l 10'),
    since: text('Only the last so long, e.g. 10m'),
    'since-time': text('Only from this time on, RFC 3339'),
    'limit-bytes': text('At most so many bytes'),
    timestamps: flag('With the time of each line'),
    prefix: flag('Each line with its pod and container'),
    'ignore-errors': flag('Go on with others when one cannot be read'),
    'max-log-requests': text('-f: of how many containers at most', { default: '5' }),
    'pod-running-timeout': text('How long to wait for a pod', { default: '20s' }),
    'insecure-skip-tls-verify-backend': flag('Do not check the certificate of the kubelet', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
