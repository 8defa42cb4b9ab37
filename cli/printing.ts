/** The formats in which any object can be printed: JSON, YAML, its name, through a template, or in columns of one's own. */

import { readFile } from 'node:fs/promises';
import { isRecord, own, sortedJson } from '../api/json-record.ts';
import { parseApiVersion } from '../api/resource.ts';
import { UserError } from '../base/user-error.ts';
import { type Arguments, isSet, textOf } from './arguments.ts';
import { readError } from './read-error.ts';
import { titleOf } from './requests.ts';

export type Printer = (value: unknown) => string;

/** The printer that the flags ask for, for one object or list after the other; undefined: a table is wanted. */
export async function structuredPrinter(args: Arguments): Promise<Printer | undefined> {
  const { format, argument } = formatOf(args);
  const withManagedFields = isSet(args, 'show-managed-fields');
  if (format === 'json') return jsonPrinter(withManagedFields);
  if (format === 'yaml') return asDocuments(await yamlPrinter({ withManagedFields }));
  if (format === 'name') return printNames;
  if (format === '' || format === 'wide') return undefined;
  const make = own(templatePrinters, format.replace(/-file$/, ''));
  if (make === undefined) throw unknownFormat(format);
  if (argument === undefined) throw new UserError(`error: ${format} format specified but no ${format} given`);
  const text = format.endsWith('-file') ? await readTemplate(argument) : argument;
  return await make(text, { isFile: format.endsWith('-file'), withHeader: !isSet(args, 'no-headers') });
}

/** Those after the first are parted from it. */
function asDocuments(print: Printer): Printer {
  let isFirst = true;
  return (value) => {
    const text = (isFirst ? '' : '---\n') + print(value);
    isFirst = false;
    return text;
  };
}

const unknownFormat = (format: string): UserError =>
  new UserError(
    `error: unable to match a printer suitable for the output format "${format}", allowed formats are: custom-columns,` +
      'custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,' +
      'templatefile,wide,yaml',
  );

interface TemplateSource {
  readonly isFile: boolean;
  readonly withHeader: boolean;
}

type MakePrinter = (text: string, source: TemplateSource) => Promise<Printer>;

/** By format; each with `-file` too. */
const templatePrinters: Readonly<Record<string, MakePrinter>> = {
  'go-template': templatePrinter,
  template: templatePrinter,
  async jsonpath(text) {
    const { renderJsonPath } = await import('./printers/json-path/json-path.ts');
    return (value) => renderJsonPath(text, value);
  },
  async 'jsonpath-as-json'(text) {
    const { findAllInTemplate } = await import('./printers/json-path/json-path.ts');
    return (value) => `${JSON.stringify(sortedJson(findAllInTemplate(text, value)), undefined, 4)}\n`;
  },
  async 'custom-columns'(text, { isFile, withHeader }) {
    const columns = await import('./printers/custom-columns.ts');
    const parsed = isFile ? columns.parseColumnsFile(text) : columns.parseCustomColumns(text);
    const render = columns.customColumnsRenderer(parsed, withHeader);
    return (value) => render(itemsOf(value));
  },
};

const itemsOf = (value: unknown): readonly unknown[] =>
  isRecord(value) && Array.isArray(value.items) ? value.items : [value];

export const isWide = (args: Arguments): boolean => textOf(args, 'output') === 'wide';

const jsonPrinter =
  (withManagedFields: boolean): Printer =>
  (value) =>
    `${JSON.stringify(sortedJson(value), withManagedFields ? undefined : withoutManagedFields, 4)}\n`;

export async function yamlPrinter({ withManagedFields = false } = {}): Promise<Printer> {
  const { dump } = await import('js-yaml');
  const replacer = withManagedFields ? undefined : withoutManagedFields;
  return (value) => dump(JSON.parse(JSON.stringify(value, replacer)), yamlOptions);
}

const yamlOptions = { noRefs: true, lineWidth: -1, sortKeys: true, noArrayIndent: true, quotingType: '"' } as const;

/** Who set which field is for machines: `-json` of list, which prints the answer as it came, shows it. */
const withoutManagedFields = (name: string, value: unknown): unknown => (name === 'managedFields' ? undefined : value);

interface Format {
  /** Empty: none was named. */
  readonly format: string;
  /** What stands behind `=`, or in `--template`. */
  readonly argument?: string | undefined;
}

function formatOf(args: Arguments): Format {
  if (isSet(args, 'json')) return { format: 'json' };
  if (isSet(args, 'yaml')) return { format: 'yaml' };
  const file = textOf(args, 'template_file');
  if (file !== undefined) return { format: 'go-template-file', argument: file };
  const template = textOf(args, 'template');
  const output = textOf(args, 'output') ?? (template === undefined ? '' : 'go-template');
  const equals = output.indexOf('=');
  const format = equals < 0 ? output : output.slice(0, equals);
  return {
    format: format === 'templatefile' ? 'template-file' : format,
    argument: equals < 0 ? template : output.slice(equals + 1),
  };
}

async function readTemplate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw readError('template', file, cause);
  }
}

async function templatePrinter(template: string): Promise<Printer> {
  const { compileTemplate } = await import('./printers/template/template.ts');
  return compileTemplate(template);
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
