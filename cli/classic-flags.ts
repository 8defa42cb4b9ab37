/**
 * The flags of the first kubecfg as it took them, one dash and a whole word (`-image nginx`, `-json`), turned into
 * what yargs takes. Two dashes work as well.
 */

import { own } from '../api/json-record.ts';

/** Classic flags that are words, and how they are called today where that differs. */
const wordFlags: Readonly<Record<string, string>> = {
  api_version: 'api_version',
  auth: 'auth',
  certificate_authority: 'certificate-authority',
  client_certificate: 'client-certificate',
  client_key: 'client-key',
  image: 'image',
  insecure_skip_tls_verify: 'insecure-skip-tls-verify',
  json: 'json',
  ns: 'namespace',
  server_version: 'server_version',
  template: 'template',
  template_file: 'template_file',
  verbose: 'verbose',
  version: 'version',
  www: 'www',
  yaml: 'yaml',
};

/**
 * `-image=x` → `--image=x`, `-V` → `--version`, `-h HOST` → `--host HOST` (a bare `-h` asks for help).
 * Everything after `--` is left alone.
 */
export function expandClassicFlags(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const flags = end < 0 ? argv : argv.slice(0, end);
  const rest = end < 0 ? [] : argv.slice(end);
  return [...flags.map((argument, index) => expand(argument, flags[index + 1])), ...rest];
}

function expand(argument: string, next: string | undefined): string {
  if (argument === '-V') return '--version';
  if (/^--?proxy$/.test(argument)) return 'proxy';
  if (argument === '-h') return next === undefined || next.startsWith('-') ? '--help' : '--host';
  const [, dashes = '', word = '', value = ''] = /^(--?)([A-Za-z_]+)(=.*)?$/s.exec(argument) ?? [];
  const flag = own(wordFlags, word);
  return dashes === '' || flag === undefined ? argument : `--${flag}${value}`;
}
