/** `config`: shows and changes the contexts of the kubeconfig that kubecfg reads. */

import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';
import { type KubeconfigFileContent, mergeKubeconfigs } from '../../../client/merged-kubeconfig.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { findKubeconfig } from '../../kubeconfig-search.ts';
import { alignColumns } from '../../printers/columns.ts';
import { structuredPrinter, yamlPrinter } from '../../printing.ts';
import { readError } from '../../read-error.ts';
import { contextNamed, contextsOf, redacted } from './contexts.ts';
import { clusterFields, type List, lists, userFields, withEntry, withoutEntry } from './entries.ts';
import { withoutProperty, withProperty } from './property-path.ts';
import { splitChange } from './split-change.ts';

interface Kubeconfig {
  /** What is said of it: its files. */
  readonly path: string;
  /** Of several files, what they say together. */
  readonly root: JsonRecord;
  readonly files: readonly KubeconfigFileContent[];
}

type Action = (context: CommandContext, args: Arguments, file: Kubeconfig) => Promise<void>;

const actions: Readonly<Record<string, Action>> = {
  async view(context, args, { root }) {
    const shown = redacted(root, { raw: isSet(args, 'raw'), minify: isSet(args, 'minify') });
    const print = (await structuredPrinter(args)) ?? (await yamlPrinter());
    context.out.write(print(shown));
  },
  async 'current-context'(context, _, { root }) {
    const current = root['current-context'];
    if (typeof current !== 'string' || current === '') throw new UserError('error: current-context is not set');
    context.out.write(`${current}\n`);
  },
  async 'get-contexts'(context, args, { root }) {
    const wanted = textsOf(args, 'names');
    for (const name of wanted) contextNamed(root, name);
    const rows = contextsOf(root)
      .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
      .map((one) => [one.name === root['current-context'] ? '*' : '', one.name, one.cluster, one.user, one.namespace]);
    if (textOf(args, 'output') === 'name') return void context.out.write(rows.map(([, name]) => `${name}\n`).join(''));
    const header = ['CURRENT', 'NAME', 'CLUSTER', 'AUTHINFO', 'NAMESPACE'];
    context.out.write(alignColumns(isSet(args, 'no-headers') ? rows : [header, ...rows], { minWidth: 6, padding: 3 }));
  },
  async 'get-clusters'(context, _, { root }) {
    context.out.write(`NAME\n${namesIn(root.clusters)}`);
  },
  async 'get-users'(context, _, { root }) {
    context.out.write(`NAME\n${namesIn(root.users)}`);
  },
  async 'use-context'(context, args, file) {
    const name = oneName(args);
    contextNamed(file.root, name);
    await write(file, { ...file.root, 'current-context': name });
    context.out.write(`Switched to context "${name}".\n`);
  },
  async 'set-context'(context, args, file) {
    const current = file.root['current-context'];
    const name = isSet(args, 'current') && typeof current === 'string' ? current : oneName(args);
    const isThere = contextsOf(file.root).some((one) => one.name === name);
    const fields = {
      cluster: textOf(args, 'cluster'),
      user: textOf(args, 'user'),
      namespace: textOf(args, 'namespace'),
    };
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    await write(file, withEntry(file.root, 'contexts', { name, fields: given }));
    context.out.write(`Context "${name}" ${isThere ? 'modified' : 'created'}.\n`);
  },
  async 'delete-context'(context, args, file) {
    const name = oneName(args);
    if (file.root['current-context'] === name)
      context.errors.write(
        'warning: this removed your active context, use "kubecfg config use-context" to select a different one\n',
      );
    contextNamed(file.root, name);
    const contexts = listOf(file.root.contexts).filter((one) => one.name !== name);
    await write(file, { ...file.root, contexts });
    context.out.write(`deleted context ${name} from ${file.path}\n`);
  },
  async 'set-cluster'(context, args, file) {
    const name = oneName(args, 'cluster');
    await write(file, withEntry(file.root, 'clusters', { name, fields: await clusterFields(args) }));
    context.out.write(`Cluster "${name}" set.\n`);
  },
  async 'set-credentials'(context, args, file) {
    const name = oneName(args, 'user');
    await write(file, withEntry(file.root, 'users', { name, fields: await userFields(args) }));
    context.out.write(`User "${name}" set.\n`);
  },
  async set(context, args, file) {
    const [path = '', value, ...others] = textsOf(args, 'names');
    if (value === undefined || others.length > 0) throw new UserError('error: usage: config set PROPERTY_NAME VALUE');
    await write(file, withProperty(file.root, path, { value, isRaw: isSet(args, 'set-raw-bytes') }));
    context.out.write(`Property "${path}" set.\n`);
  },
  async unset(context, args, file) {
    const path = oneName(args, 'property');
    await write(file, withoutProperty(file.root, path));
    context.out.write(`Property "${path}" unset.\n`);
  },
  'delete-cluster': deletes('clusters'),
  'delete-user': deletes('users'),
  async 'rename-context'(context, args, file) {
    const [from = '', to = '', ...others] = textsOf(args, 'names');
    if (to === '' || others.length > 0) throw new UserError('error: usage: config rename-context CONTEXT NEW_NAME');
    contextNamed(file.root, from);
    if (contextsOf(file.root).some(({ name }) => name === to))
      throw new UserError(
        `error: cannot rename the context "${from}", the context "${to}" already exists in ${file.path}`,
      );
    const contexts = listOf(file.root.contexts).map((one) => (one.name === from ? { ...one, name: to } : one));
    const isCurrent = file.root['current-context'] === from;
    await write(file, { ...file.root, contexts, ...(isCurrent && { 'current-context': to }) });
    context.out.write(`Context "${from}" renamed to "${to}".\n`);
  },
};

function deletes(list: List): Action {
  return async (context, args, file) => {
    const name = oneName(args, lists[list]);
    await write(file, withoutEntry(file.root, list, { name, path: file.path }));
    context.out.write(`deleted ${lists[list]} ${name} from ${file.path}\n`);
  };
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const name = textOf(args, 'action') ?? '';
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined)
    throw new UserError(`error: unknown command "${name}": there are ${Object.keys(actions).join(', ')}`);
  const { path, paths, tried } = await findKubeconfig(textOf(args, 'kubeconfig'), context.environment);
  if (path === undefined) throw new UserError(`There is no kubeconfig (looked for ${tried.join(', ')})`);
  const files: KubeconfigFileContent[] = [];
  for (const one of paths.length > 1 ? paths.filter((file) => existsSync(file)) : paths) files.push(await read(one));
  const [first, ...others] = files;
  const root = first !== undefined && others.length === 0 ? { ...first.root } : mergeKubeconfigs(files);
  await action(context, args, { path: files.map((file) => file.path).join(', '), root, files });
}

const listOf = (list: unknown): JsonRecord[] => (Array.isArray(list) ? list.filter(isRecord) : []);
const namesIn = (list: unknown): string =>
  listOf(list)
    .map(({ name }) => `${String(name)}\n`)
    .join('');

function oneName(args: Arguments, what = 'context'): string {
  const [name, ...others] = textsOf(args, 'names');
  if (name !== undefined && others.length === 0) return name;
  throw new UserError(`error: name one ${what}`);
}

async function read(path: string): Promise<KubeconfigFileContent> {
  const { load } = await import('js-yaml');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw readError('kubeconfig', path, cause);
  }
  try {
    const root: unknown = load(text);
    if (isRecord(root)) return { path, root };
  } catch {
    // Said below: it is no kubeconfig.
  }
  throw new UserError(`kubeconfig ${path}: neither YAML nor JSON`);
}

/** Each file gets what of the change is its own. Put in place whole: a reader never sees half of it. */
async function write({ files, root: before }: Kubeconfig, after: JsonRecord): Promise<void> {
  const print = await yamlPrinter();
  for (const { path, root } of splitChange(files, before, after)) {
    const part = `${path}.${process.pid}`;
    await writeFile(part, print(root), { mode: 0o600 });
    await rename(part, path);
  }
}
