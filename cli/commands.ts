/** All commands of kubecfg: what they are called and take. What they do is in `commands/`, one file each. */

import type { Options } from 'yargs';
import type { Command } from './command.ts';
import { upOptions } from './up-options.ts';

const text = (describe: string, more: Options = {}): Options => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...more,
});
const flag = (describe: string, more: Options = {}): Options => ({ type: 'boolean', describe, ...more });

const selector = text('Only objects whose labels match, e.g. app=web,tier!=db', { alias: 'l' });
const filename = text('File, folder, URL, or - for standard input', { alias: 'f', array: true });
const config = text('File, URL, or - for standard input (classic)', { alias: 'c' });
const output = {
  output: text('wide, json, yaml or name', { alias: 'o' }),
  template: text('Print through a Go template'),
  template_file: text('Print through the Go template in this file'),
};

/** Options that every command takes. */
export const globalOptions: Readonly<Record<string, Options>> = {
  kubeconfig: text('Which cluster and as whom'),
  context: text('Which context of the kubeconfig'),
  host: text('The API server, host:port or URL (classic: -h HOST)'),
  namespace: text('Which namespace', { alias: 'n' }),
  auth: text('A classic credentials file', { hidden: true }),
  'certificate-authority': text('Certificate authority of the server, PEM', { hidden: true }),
  'client-certificate': text('Certificate to show, PEM', { hidden: true }),
  'client-key': text('Its key, PEM', { hidden: true }),
  'insecure-skip-tls-verify': flag('Trust any server', { hidden: true }),
  verbose: flag('Say more when something fails'),
  // Flags without a value are known to all commands: they may stand before the verb, as in "-json list pods".
  json: flag('Print JSON (classic)', { hidden: true }),
  yaml: flag('Print YAML (classic)', { hidden: true }),
};

export const commands: readonly Command[] = [
  {
    usage: 'get [resources..]',
    describe: 'Show objects: get pods, get pod/web, get pods,services, get all',
    options: {
      ...output,
      selector,
      filename,
      'field-selector': text('Only objects whose fields match, e.g. status.phase=Running'),
      'all-namespaces': flag('In all namespaces', { alias: 'A' }),
      watch: flag('Go on and show changes', { alias: 'w' }),
      'show-labels': flag('Also show labels'),
      'no-headers': flag('Without the line of column names'),
    },
    load: () => import('./commands/get.ts'),
  },
  {
    usage: 'describe <resources..>',
    describe: 'Show objects in full, with their events',
    options: { selector, 'all-namespaces': flag('In all namespaces', { alias: 'A' }) },
    load: () => import('./commands/describe.ts'),
  },
  {
    usage: 'create [resource]',
    describe: 'Make objects: create -f FILE, classic: create pods -c FILE',
    options: { ...output, filename, config },
    load: () => import('./commands/create.ts'),
  },
  {
    usage: 'apply',
    describe: 'Make objects be as a file says, whether they exist or not',
    options: {
      filename: { ...filename, demandOption: true },
      'force-conflicts': flag('Also change fields that somebody else set'),
      'dry-run': flag('Only ask the server what would happen'),
    },
    load: () => import('./commands/apply.ts'),
  },
  {
    usage: 'update <resource>',
    describe: 'Replace an object: update pods/ID -c FILE (classic)',
    options: { ...output, config },
    load: () => import('./commands/update.ts'),
  },
  {
    usage: 'delete [resources..]',
    describe: 'Delete objects: delete pod/web, delete pods -l app=web, delete -f FILE',
    options: {
      filename,
      selector,
      all: flag('All objects of the resource'),
      'grace-period': text('Seconds that containers get to end'),
      cascade: text('What becomes of dependents', { choices: ['background', 'foreground', 'orphan'] }),
      wait: flag('Wait until they are gone', { default: true }),
      'ignore-not-found': flag('What is not there is no error'),
    },
    load: () => import('./commands/delete.ts'),
  },
  {
    usage: 'list <resource>',
    describe: 'List a resource as a classic table: list pods, list minions',
    options: { ...output, selector },
    load: () => import('./commands/list.ts'),
  },
  {
    usage: 'print [resource]',
    describe: 'Print what a file holds: print -c FILE (classic)',
    options: { ...output, config: { ...config, demandOption: true } },
    load: () => import('./commands/print.ts'),
  },
  {
    usage: 'run <image> <replicas> <controller>',
    describe: 'Run copies of an image under a replication controller',
    options: {
      ports: text('HOST:CONTAINER or CONTAINER, separated by commas', { alias: 'p' }),
      service: text('Also make a service on this port', { alias: 's' }),
    },
    load: () => import('./commands/run.ts'),
  },
  {
    usage: 'resize <controller> <replicas>',
    describe: 'Change how many pods a replication controller keeps',
    load: () => import('./commands/resize.ts'),
  },
  {
    usage: 'scale [resources..]',
    describe: 'Change the number of replicas: scale rc/web --replicas 5',
    options: {
      replicas: text('How many', { demandOption: true }),
      'current-replicas': text('Only when there are so many now'),
    },
    load: () => import('./commands/scale.ts'),
  },
  {
    usage: 'stop <controller>',
    describe: 'Resize a replication controller to 0',
    load: () => import('./commands/stop.ts'),
  },
  {
    usage: 'rm <controller>',
    describe: 'Delete a replication controller that was stopped',
    load: () => import('./commands/rm.ts'),
  },
  {
    usage: 'rollingupdate <controller>',
    describe: 'Replace the pods of a replication controller one by one',
    options: {
      image: text('A new image for its first container'),
      update: text('Wait so long between two pods', { alias: 'u', default: '60s' }),
    },
    load: () => import('./commands/rollingupdate.ts'),
  },
  {
    usage: 'logs <pod>',
    describe: 'Print what a container writes',
    options: {
      follow: flag('Go on as it writes', { alias: 'f' }),
      container: text('Which container', { alias: 'c' }),
      previous: flag('Of the container before the last restart', { alias: 'p' }),
      tail: text('Only the last so many lines'),
      since: text('Only the last so long, e.g. 10m'),
      timestamps: flag('With the time of each line'),
    },
    load: () => import('./commands/logs.ts'),
  },
  {
    usage: 'wait <resources..>',
    describe: 'Wait until objects are in a state: wait pod/web --for condition=Ready',
    options: {
      for: text('condition=NAME[=VALUE], delete, create, or jsonpath={.path}=VALUE', { demandOption: true }),
      timeout: text('How long at most', { default: '30s' }),
      selector,
      all: flag('All objects of the resource'),
    },
    load: () => import('./commands/wait.ts'),
  },
  {
    usage: 'api-resources',
    describe: 'List the resources of the server',
    load: () => import('./commands/api-resources.ts'),
  },
  {
    usage: 'version',
    describe: 'Show the versions of kubecfg and of the server',
    options: { output: text('json or yaml', { alias: 'o' }) },
    load: () => import('./commands/version.ts'),
  },
  {
    usage: 'up',
    describe: 'Start a cluster on this machine and stay in the foreground',
    options: upOptions,
    load: () => import('./commands/up.ts'),
  },
  {
    usage: 'down',
    describe: 'Remove the cluster from this machine: containers, network, rules and data',
    options: {
      'data-dir': upOptions['data-dir'] ?? {},
      cluster: text('Id of a cluster whose data directory is lost: only its containers, network and rules'),
      'cluster-cidr': text('Its pod network; default: the one it was started with'),
      'keep-data': flag('Keep the data and the certificates'),
    },
    load: () => import('./commands/down.ts'),
  },
];
