/** What `auth` is called and takes. */

import type { Command } from '../../command.ts';
import { dryRun, fileOptions, flag, text } from '../../options.ts';

export const authCommand: Command = {
  usage: 'auth <action> [words..]',
  describe:
    'Rights: auth can-i VERB RESOURCE[/NAME], auth can-i VERB /PATH, auth can-i --list, auth whoami, auth reconcile -f',
  options: {
    ...fileOptions,
    ...dryRun,
    'remove-extra-permissions': flag('reconcile: roles grant nothing else'),
    'remove-extra-subjects': flag('reconcile: bindings bind nobody else'),
    subresource: text('can-i: a part of the resource, such as log or scale'),
    list: flag('can-i: all that one may do in the namespace'),
    'no-headers': flag('can-i --list: without the line of column names'),
    quiet: flag('can-i: say it by the exit code alone', { alias: 'q' }),
    output: text('whoami: json, yaml, name, jsonpath=…, custom-columns=… or go-template=…', { alias: 'o' }),
    'all-namespaces': flag('can-i: in all namespaces', { alias: 'A' }),
  },
  load: () => import('./run.ts'),
};
