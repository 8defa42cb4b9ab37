/** What `config` is called and takes. */

import type { Command } from '../../command.ts';
import { flag, text } from '../../options.ts';

export const configCommand: Command = {
  usage: 'config <action> [names..]',
  describe:
    'The kubeconfig: view, current-context, get-contexts, use-context, set-context, delete-context, rename-context, ' +
    'get-clusters, set-cluster, delete-cluster, get-users, set-credentials, delete-user, ' +
    'set PROPERTY VALUE, unset PROPERTY',
  options: {
    output: text('json, yaml, name or jsonpath=…', { alias: 'o' }),
    raw: flag('view: with certificates, keys and tokens'),
    minify: flag('view: only what the context uses'),
    current: flag('set-context: the current one'),
    cluster: text('set-context: its cluster'),
    user: text('set-context: its user'),
    server: text('set-cluster: the URL of its API server'),
    'tls-server-name': text('set-cluster: the name in its certificate'),
    'proxy-url': text('set-cluster: a proxy on the way'),
    'embed-certs': flag('set-cluster, set-credentials: what the files hold in the place of their paths'),
    'set-raw-bytes': flag('set: the value of a -data field is the bytes themselves, not base64'),
    'no-headers': flag('get-contexts: without the line of column names'),
  },
  load: () => import('./run.ts'),
};
