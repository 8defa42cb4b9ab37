/** The formats in which any object can be printed: JSON, YAML, its name, or through a Go template. */

import { readFile } from 'node:fs/promises';
import { parseApiVersion } from '../api/resource.ts';
import { UserError } from '../base/user-error.ts';
import { type Arguments, isSet, textOf } from './arguments.ts';
import { readError } from './read-error.ts';
import { titleOf } from './requests.ts';

export type Printer = (value: unknown) => string;

/** The printer that the flags ask for; undefined: a table is wanted. */
export async function structuredPrinter(args: Arguments): Promise<Printer | undefined> {
  const format = formatOf(args);
  if (format === 'json') return (value) => `${JSON.stringify(value, withoutManagedFields, 4)}\n`;
  if (format === 'yaml') return await yamlPrinter();
  if (format === 'name') return printNames;
  const template = await templateOf(args);
  if (template !== undefined) return await templatePrinter(template);
  if (format === '' || format === 'wide') return undefined;
  throw new UserError(`-o ${format} is not supported; there are wide, json, yaml, name and go-template=…`);
}

export const isWide = (args: Arguments): boolean => textOf(args, 'output') === 'wide';

export async function yamlPrinter(): Promise<Printer> {
  const { dump } = await import('js-yaml');
  return (value) =>
    dump(JSON.parse(JSON.stringify(value, withoutManagedFields)), {
      noRefs: true,
      lineWidth: -1,
      sortKeys: true,
      noArrayIndent: true,
    });
}

/** Who set which field is for machines: `-json` of list, which prints the answer as it came, shows it. */
const withoutManagedFields = (name: string, value: unknown): unknown => (name === 'managedFields' ? undefined : value);

function formatOf(args: Arguments): string {
  const output = textOf(args, 'output') ?? '';
  if (isSet(args, 'json')) return 'json';
  if (isSet(args, 'yaml')) return 'yaml';
  return output.startsWith('go-template=') ? '' : output;
}

async function templateOf(args: Arguments): Promise<string | undefined> {
  const output = textOf(args, 'output') ?? '';
  if (output.startsWith('go-template=')) return output.slice('go-template='.length);
  const file = textOf(args, 'template_file');
  if (file === undefined) return textOf(args, 'template');
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw readError('template', file, cause);
  }
}

async function templatePrinter(template: string): Promise<Printer> {
  const { renderTemplate } = await import('./printers/template/template.ts');
  return (value) => renderTemplate(template, value);
}

interface Named {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly items?: readonly Named[];
  readonly metadata?: { readonly name?: string };
}

/** `pod/web`, `deployment.apps/web`: one line for each object. */
function printNames(value: unknown): string {
  // What the server answers is an object or a list of them.
  const { items, kind = '', apiVersion = '', metadata } = value as Named;
  if (items !== undefined) return items.map(printNames).join('');
  const { group } = parseApiVersion(apiVersion) ?? { group: '' };
  return `${titleOf({ kind, group }, metadata?.name ?? '')}\n`;
}
