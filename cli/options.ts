/** Options that several commands take, and how they are declared. */

import type { CommandOption, CommandOptions } from './flag-words.ts';

export const text = (describe: string, more: CommandOption = {}): CommandOption => ({
  type: 'string',
  requiresArg: true,
  describe,
  ...more,
});
export const flag = (describe: string, more: CommandOption = {}): CommandOption => ({
  type: 'boolean',
  describe,
  ...more,
});
export const texts = (describe: string, more: CommandOption = {}): CommandOption =>
  text(describe, { array: true, ...more });

export const selector = text('Only objects whose labels match, e.g. app=web,tier!=db', { alias: 'l' });
export const filename = text('File, folder, URL, or - for standard input', { alias: 'f', array: true });
export const config = text('File, URL, or - for standard input (classic)', { alias: 'c' });
export const output = {
  output: text('wide, json, yaml, name, jsonpath=…, custom-columns=… or go-template=…', { alias: 'o' }),
  'show-managed-fields': flag('Also print who set which field'),
  'allow-missing-template-keys': flag('What a template names and is not there is empty', { hidden: true }),
  template: text('Print through a Go template'),
  template_file: text('Print through the Go template in this file'),
};

/** `--dry-run` alone is the client's, as in kubectl once. */
export const dryRun = {
  'dry-run': text('client: only print; server: only ask; none', {
    choices: ['client', 'server', 'none'],
    implied: 'client',
    requiresArg: false,
  }),
};
export const fieldManager = { 'field-manager': text('As whose the fields are written down') };
export const fileOptions = {
  filename,
  recursive: flag('-f: also folders in folders', { alias: 'R' }),
};
/** Which objects: by file, by labels, or all. */
export const selection = {
  ...fileOptions,
  selector,
  all: flag('All objects of the resource'),
  'field-selector': text('Only objects whose fields match, e.g. status.phase=Running'),
  'all-namespaces': flag('In all namespaces', { alias: 'A' }),
};

/** Of `label` and `annotate`; `what` they change. */
export const changeOptions = (what: string): CommandOptions => ({
  ...output,
  ...selection,
  ...dryRun,
  ...fieldManager,
  overwrite: flag(`Also change ${what} that have another value`),
  list: flag(`Only show the ${what}`),
  local: flag('Only change what -f says, without the server'),
  'resource-version': text('Only when the object has this version'),
});

/** Options that every command takes. */
export const globalOptions: Readonly<Record<string, CommandOption>> = {
  kubeconfig: text('Which cluster and as whom'),
  context: text('Which context of the kubeconfig'),
  host: text('The API server, host:port or URL (classic: -h HOST)'),
  namespace: text('Which namespace', { alias: 'n' }),
  as: text('In whose place, for who may impersonate'),
  'as-group': texts('In the place of a member of this group; with --as', { hidden: true }),
  'as-uid': text('In the place of a user with this UID; with --as', { hidden: true }),
  auth: text('A classic credentials file', { hidden: true }),
  'certificate-authority': text('Certificate authority of the server, PEM', { hidden: true }),
  'client-certificate': text('Certificate to show, PEM', { hidden: true }),
  'client-key': text('Its key, PEM', { hidden: true }),
  'insecure-skip-tls-verify': flag('Trust any server', { hidden: true }),
  token: text('A bearer token to show', { hidden: true }),
  'request-timeout': text('How long the server may take to answer; 0: as long as usual', {
    default: '0',
    hidden: true,
  }),
  verbose: flag('Say more when something fails'),
  // Flags without a value are known to all commands: they may stand before the verb, as in "-json list pods".
  json: flag('Print JSON (classic)', { hidden: true }),
  yaml: flag('Print YAML (classic)', { hidden: true }),
};
