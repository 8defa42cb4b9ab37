/** What `logs` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, selector, text } from '../../options.ts';

export const logsCommand: Command = {
  usage: 'logs [words..]',
  describe: 'Print what containers write: logs web, logs deploy/web -f, logs -l app=web --since=1h',
  options: {
    selector,
    follow: flag('Go on as it writes', { alias: 'f' }),
    container: text('Which container', { alias: 'c' }),
    'all-containers': flag('Of all containers of the pod'),
    'all-pods': flag('Of all pods of the workload, which is so anyway; --all-pods=false: of one of them'),
    gone: flag('Also of pods that are gone; --gone=false: only of those that are there'),
    previous: flag('Of the container before the last restart', { alias: 'p' }),
    tail: text('Only the last so many lines; default: all, with -l 10'),
    since: text('Only the last so long, e.g. 10m'),
    'since-time': text('Only from this time on, RFC 3339'),
    'limit-bytes': text('At most so many bytes'),
    timestamps: flag('With the time of each line'),
    prefix: flag('Each line with its pod and container; default: where there are several'),
    'ignore-errors': flag('Go on with others when one cannot be read'),
    'max-log-requests': text('Of how many containers at most at a time', { default: '50' }),
    'pod-running-timeout': text('How long to wait for a pod', { default: '20s' }),
    'insecure-skip-tls-verify-backend': flag('Do not check the certificate of the kubelet', { hidden: true }),
  },
  load: () => import('./run.ts'),
};
