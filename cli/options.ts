/** Options that several commands take, and how they are declared. */

import type { Options } from 'yargs';

export const text = (describe: string, more: Options = {}): Options => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...more,
});
export const flag = (describe: string, more: Options = {}): Options => ({ type: 'boolean', describe, ...more });

export const selector = text('Only objects whose labels match, e.g. app=web,tier!=db', { alias: 'l' });
export const filename = text('File, folder, URL, or - for standard input', { alias: 'f', array: true });
export const config = text('File, URL, or - for standard input (classic)', { alias: 'c' });
export const output = {
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
