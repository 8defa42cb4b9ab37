/** `explain KIND.FIELD…`: what the server's own description of its kinds says. */

import { isRecord, type JsonRecord, own } from '../../../api/json-record.ts';
import { apiVersionOf, parseApiVersion, type ServedResource } from '../../../api/resource.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { resolveKind } from '../../resources.ts';
import { renderFields, wrap } from './rendering.ts';
import { Schemas } from './schema.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const [word = '', ...path] = (textOf(args, 'field') ?? '').split('.').filter((part) => part !== '');
  const client = await context.client();
  const kind = await versioned(client, word, textOf(args, 'api-version'));
  const schemas = new Schemas(await readDocument(client, kind));
  const whole = schemas.ofKind(kind);
  if (whole === undefined)
    throw new UserError(`error: couldn't find resource for "${apiVersionOf(kind)}, Kind=${kind.kind}"`);
  context.out.write(render(schemas, { kind, whole, path, recursive: isSet(args, 'recursive') }));
}

async function versioned(client: Client, word: string, apiVersion: string | undefined): Promise<ServedResource> {
  const kind = await resolveKind(client, word);
  if (apiVersion === undefined) return kind;
  const version = parseApiVersion(apiVersion);
  if (version === undefined) throw new UserError(`error: unexpected GroupVersion string: ${apiVersion}`);
  return { ...kind, ...version };
}

async function readDocument(client: Client, kind: ServedResource): Promise<unknown> {
  const index: unknown = JSON.parse((await client.raw('GET', '/openapi/v3')).text);
  const paths = isRecord(index) && isRecord(index.paths) ? index.paths : {};
  const entry = own(paths, `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`);
  const url = isRecord(entry) ? entry.serverRelativeURL : undefined;
  if (typeof url !== 'string')
    throw new UserError(`error: couldn't find resource for "${apiVersionOf(kind)}, Kind=${kind.kind}"`);
  return JSON.parse((await client.raw('GET', url)).text);
}

interface Explained {
  readonly kind: ServedResource;
  readonly whole: JsonRecord;
  readonly path: readonly string[];
  readonly recursive: boolean;
}

function render(schemas: Schemas, { kind, whole, path, recursive }: Explained): string {
  let schema = whole;
  for (const name of path) {
    const found = schemas.fieldsOf(schema).find(([field]) => field === name);
    if (found === undefined) throw new UserError(`error: field "${name}" does not exist`);
    schema = found[1];
  }
  const type = path.length === 0 ? '' : `FIELD: ${path.at(-1)} <${schemas.typeOf(schema)}>\n`;
  const head = [
    ...(kind.group === '' ? [] : [`GROUP:      ${kind.group}`]),
    `KIND:       ${kind.kind}`,
    `VERSION:    ${kind.version}`,
  ];
  const fields = renderFields(schemas, schema, recursive);
  const parts = [
    `${head.join('\n')}\n\n`,
    type === '' ? '' : `${type}\n\n`,
    `DESCRIPTION:\n${descriptionsOf(schemas, schema)}    \n`,
    fields === '' ? '' : `FIELDS:\n${fields}`,
  ];
  return `${parts.join('')}\n`;
}

/** What stands at the field, and what stands at its type. */
function descriptionsOf(schemas: Schemas, schema: JsonRecord): string {
  const texts = [schemas.resolve(schema).description, schemas.typeDescription(schema)];
  const said = [...new Set(texts.filter((text) => typeof text === 'string' && text !== ''))];
  return (said.length === 0 ? ['<empty>'] : said).map((text) => wrap(String(text), 76, '    ')).join('');
}
