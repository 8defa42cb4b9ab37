/** The objects that a command is about: named by words, held by files, or found by selectors, as kubectl has it. */

import type { ObjectKey } from '../api/object.ts';
import type { ServedResource } from '../api/resource.ts';
import { UserError } from '../base/user-error.ts';
import type { Manifest } from '../client/manifest.ts';
import { type Arguments, isSet, textOf, textsOf } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { placed } from './given-manifest.ts';
import { readSourcedManifests } from './manifest-files.ts';
import { listAll } from './requests.ts';
import { kindOfManifest, parseSelections } from './resources.ts';

export interface Target {
  readonly kind: ServedResource;
  readonly key: ObjectKey;
  /** What the file says, when it was named by one. */
  readonly manifest?: Manifest;
  /** The file, URL or `-` that holds it. */
  readonly source?: string;
}

/** `words` are the positional arguments that name resources: `pod web db`, `pod/web svc/db`. */
export async function findTargets(
  context: CommandContext,
  args: Arguments,
  words: readonly string[],
): Promise<readonly Target[]> {
  const files = textsOf(args, 'filename');
  if (files.length === 0) return await findNamed(context, args, words);
  if (words.length > 0)
    throw new UserError(
      'error: when paths, URLs, or stdin is provided as resource input, you may not specify resource arguments as well',
    );
  return await readTargets(context, args, files);
}

/** What files hold, each in its namespace. */
export async function readTargets(
  context: CommandContext,
  args: Arguments,
  files: readonly string[] = textsOf(args, 'filename'),
): Promise<(Target & { readonly manifest: Manifest })[]> {
  const client = await context.client();
  const targets: (Target & { readonly manifest: Manifest })[] = [];
  for (const found of await readSourcedManifests(files, { recursive: isSet(args, 'recursive') })) {
    const kind = await kindOfManifest(client, found.manifest);
    const manifest = await placed(context, kind.namespaced, found.manifest);
    const { namespace, name = '' } = manifest.metadata ?? {};
    targets.push({ kind, key: { namespace, name }, manifest, source: found.source });
  }
  return targets;
}

async function findNamed(context: CommandContext, args: Arguments, words: readonly string[]): Promise<Target[]> {
  if (words.length === 0) throw nothingNamed();
  const client = await context.client();
  const namespace = await context.namespace();
  const labelSelector = textOf(args, 'selector');
  const fieldSelector = textOf(args, 'field-selector');
  const isSearch = labelSelector !== undefined || fieldSelector !== undefined || isSet(args, 'all');
  const targets: Target[] = [];
  for (const { kind, names } of await parseSelections(client, words)) {
    if (names.length > 0 && isSearch)
      throw new UserError('error: name cannot be provided when a selector is specified');
    if (names.length === 0 && !isSearch)
      throw new UserError('error: resource(s) were provided, but no name was specified');
    if (names.length > 0 && kind.namespaced && namespace === undefined)
      throw new UserError('error: a resource cannot be retrieved by name across all namespaces');
    const keys = names.length > 0 ? names.map((name) => keyIn(kind, namespace, name)) : undefined;
    const found = keys ?? (await listAll(client, kind, { namespace, labelSelector, fieldSelector })).map(keyOfFound);
    targets.push(...found.map((key) => ({ kind, key })));
  }
  return targets;
}

const keyIn = (kind: ServedResource, namespace: string | undefined, name: string): ObjectKey =>
  kind.namespaced ? { namespace, name } : { name };

const keyOfFound = ({ metadata: { namespace, name } }: { metadata: ObjectKey }): ObjectKey => ({ namespace, name });

const nothingNamed = (): UserError =>
  new UserError(
    [
      'error: You must provide one or more resources by argument or filename.',
      'Example resource specifications include:',
      ...["   '-f rsrc.yaml'", "   '--filename=rsrc.json'", "   '<resource> <name>'", "   '<resource>'"],
    ].join('\n'),
  );

/** The one object that words name. */
export async function findOneTarget(
  context: CommandContext,
  args: Arguments,
  words: readonly string[],
): Promise<Target> {
  const [target, ...others] = await findTargets(context, args, words);
  if (target !== undefined && others.length === 0) return target;
  throw new UserError(`error: Name one object, not ${others.length + 1}: "${words.join(' ')}"`);
}
