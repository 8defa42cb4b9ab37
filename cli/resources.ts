/**
 * What people write for a resource, turned into kinds and names: `pods`, `po`, `Pod`, `deploy.apps`, `pod/web`,
 * `/pods/web`, `pods,services`, `minions`, `all`. Which there are, the server says.
 */

import { own } from '../api/json-record.ts';
import { apiVersionOf, type ServedResource } from '../api/resource.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';
import { discover, type KnownResource } from '../client/discovery.ts';
import { pathSegment } from './path-segment.ts';

/** One kind, and the names that were asked for; none means all. */
export interface Selection {
  readonly kind: ServedResource;
  readonly names: readonly string[];
}

/** The classic word for a node. */
const classicNames: Readonly<Record<string, string>> = { minion: 'node', minions: 'nodes' };

/** `pods web db`, `pod/web svc/db`, `pods,services`: the selections, in the order in which they were written. */
export async function parseSelections(client: Client, words: readonly string[]): Promise<Selection[]> {
  const [first, ...names] = words.map((word) => word.replace(/^\/+|\/+$/g, ''));
  if (first === undefined || first === '') throw new UserError(nothingNamed);
  if (first.includes('/')) return await parsePairs(client, [first, ...names]);
  if (names.some((name) => name.includes('/'))) {
    throw new UserError(mixedForms);
  }
  const selections: Selection[] = [];
  for (const name of names) pathSegment('resource name', name);
  for (const word of first.split(','))
    for (const kind of await kindsNamed(client, word)) selections.push({ kind, names });
  return selections;
}

async function kindsNamed(client: Client, word: string): Promise<readonly ServedResource[]> {
  const found = await findKinds(client, word);
  return found.length > 0 ? found : [await resolveKind(client, word)];
}

/** What a word means that stands for several kinds, such as `all`, or for one. */
export async function findKinds(client: Client, word: string): Promise<readonly ServedResource[]> {
  const category = (await preferredResources(client)).filter(({ categories }) => categories.includes(word));
  const one = category.length > 0 ? undefined : await findKind(client, word);
  return one === undefined ? category : [one];
}

/** Exactly one object: `pod/web` or `pod web`. */
export async function parseOne(
  client: Client,
  words: readonly string[],
): Promise<{ kind: ServedResource; name: string }> {
  const [selection, ...others] = await parseSelections(client, words);
  const [name, ...moreNames] = selection?.names ?? [];
  if (selection === undefined || name === undefined || others.length + moreNames.length > 0) {
    throw new UserError(`Name one object, for example pod/web, instead of "${words.join(' ')}"`);
  }
  return { kind: selection.kind, name };
}

const nothingNamed =
  'You must specify the type of resource to get. Use "kubecfg api-resources" for a complete list of supported resources.\n\n' +
  'error: Required resource not specified.\n' +
  'Use "kubecfg explain <resource>" for a detailed description of that resource (e.g. kubecfg explain pods).';

const mixedForms =
  'error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form ' +
  "(e.g. 'kubecfg get resource/<resource_name>' instead of 'kubecfg get resource resource/<resource_name>'";

/** Names of one kind that follow each other are one selection. */
async function parsePairs(client: Client, words: readonly string[]): Promise<Selection[]> {
  const selections: Selection[] = [];
  for (const word of words) {
    const [resource = '', name, ...rest] = word.split('/');
    if (name === undefined) throw new UserError(mixedForms);
    if (resource === '' || name === '' || rest.length > 0)
      throw new UserError('error: arguments in resource/name form must have a single resource and name');
    const kind = await resolveKind(client, resource);
    const last = selections.at(-1);
    const names = [...(last?.kind === kind ? last.names : []), pathSegment('resource name', name)];
    if (last?.kind === kind) selections.pop();
    selections.push({ kind, names });
  }
  return selections;
}

/** The kind that `word` means: by plural, singular, short name or kind, with or without `.group` or `.version.group`. */
export async function resolveKind(client: Client, word: string): Promise<ServedResource> {
  const found = await findKind(client, word);
  if (found !== undefined) return found;
  throw new UserError(`error: the server doesn't have a resource type "${word}"`);
}

/** As `resolveKind`; undefined when the server has none. */
export async function findKind(client: Client, word: string): Promise<ServedResource | undefined> {
  return findIn(await knownResources(client), word);
}

function findIn(candidates: readonly ServedResource[], word: string): ServedResource | undefined {
  const lower = word.toLowerCase();
  const [name = '', ...suffix] = (own(classicNames, lower) ?? lower).split('.');
  const wanted = suffix.join('.');
  return candidates.find(
    (kind) =>
      [kind.plural, kind.singular, kind.kind.toLowerCase(), ...kind.shortNames].includes(name) &&
      (wanted === '' || wanted === kind.group || wanted === `${kind.version}.${kind.group}`),
  );
}

const known = new WeakMap<Client, Promise<readonly KnownResource[]>>();

/** What the server has, preferred versions first. Asked once in the life of a client: a command is short. */
async function knownResources(client: Client): Promise<readonly KnownResource[]> {
  const asked = known.get(client) ?? discover(client).then(({ resources }) => byPreference(resources));
  known.set(client, asked);
  return await asked;
}

const byPreference = (resources: readonly KnownResource[]): KnownResource[] =>
  resources.toSorted((a, b) => Number(b.preferred) - Number(a.preferred));

/** Each resource in one version. */
export async function preferredResources(client: Client): Promise<readonly KnownResource[]> {
  return (await knownResources(client)).filter(({ preferred }) => preferred);
}

const classicResources = new Set(['pods', 'replicationcontrollers', 'services', 'minions']);

/** `pods/web`, `/pods/web`: how the first kubecfg named an object. */
export function isClassicPath(word: string): boolean {
  const [resource = '', name = '', ...rest] = word.replace(/^\/+|\/+$/g, '').split('/');
  return classicResources.has(resource.toLowerCase()) && name !== '' && rest.length === 0;
}

/** The resource and, when there is one, the id of a classic path: `pods`, `/pods/web`. */
export async function parseClassicPath(
  client: Client,
  path: string,
): Promise<{ kind: ServedResource; name: string | undefined }> {
  const [resource = '', name, ...rest] = path.replace(/^\/+|\/+$/g, '').split('/');
  if (resource === '' || name === '' || rest.length > 0)
    throw new UserError(`"${path}" is not RESOURCE or RESOURCE/ID`);
  return { kind: await resolveKind(client, resource), name };
}

/** The kind that a manifest says it is. */
export async function kindOfManifest(
  client: Client,
  manifest: { apiVersion: string; kind: string },
): Promise<ServedResource> {
  const { apiVersion, kind } = manifest;
  const isIt = (one: ServedResource) => one.kind === kind && apiVersionOf(one) === apiVersion;
  let found = (await knownResources(client)).find(isIt);
  if (found === undefined) {
    // A definition that came before it in the same manifest may have brought it.
    known.delete(client);
    found = (await knownResources(client)).find(isIt);
  }
  if (found !== undefined) return found;
  throw new UserError(`The server has no kind "${kind}" in ${apiVersion}`);
}
