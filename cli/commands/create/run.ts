/**
 * `create -f FILE` makes every object of a file; `create KIND NAME …` makes one from flags; `create pods -c FILE` makes
 * one, as the first kubecfg did.
 */

import { lastAppliedAnnotation } from '../../../api/labels.ts';
import type { KubernetesObject } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { StatusError } from '../../../api/status-error.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { explainedBySource, forEachTarget } from '../../each-target.ts';
import { placed, readConfig } from '../../given-manifest.ts';
import { printOne } from '../../print-one.ts';
import { withType } from '../../requests.ts';
import { parseClassicPath } from '../../resources.ts';
import { dryRunOf, type ResultPrinter, resultPrinter } from '../../results.ts';
import { readTargets } from '../../target-objects.ts';
import { fieldValidationOf } from '../../validation.ts';
import type { Creator } from './creator.ts';
import { creatorNamed, creators, nameOfCreator } from './creators.ts';
import { kindFlags } from './flags.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const resource = textOf(args, 'what');
  if (resource === undefined) return await createFromFiles(context, args);
  if (textOf(args, 'config') !== undefined) return await createClassic(context, args, resource);
  if (resource === 'token') return await (await import('./token.ts')).createToken(context, args);
  const creator = creatorNamed(resource);
  if (creator !== undefined) return await createFromFlags(context, args, creator);
  await createClassic(context, args, resource);
}

async function createFromFiles(context: CommandContext, args: Arguments): Promise<void> {
  if (textsOf(args, 'filename').length === 0) {
    const names = [...creators.map(nameOfCreator), 'token'].join(', ');
    throw new UserError(`error: must specify one of -f and -k, or what to create by flags: ${names}`);
  }
  const print = await resultPrinter(context, args);
  await forEachTarget(await readTargets(context, args), async (target) => {
    const { kind, manifest } = target;
    await explainedBySource('creating', target, create(context, args, { kind, object: manifest, print }));
  });
}

interface Creation {
  readonly kind: Resource;
  readonly object: KubernetesObject;
  readonly print: ResultPrinter;
}

async function create(context: CommandContext, args: Arguments, { kind, object, print }: Creation): Promise<void> {
  const wanted = isSet(args, 'save-config') ? noted(withType(kind, object)) : object;
  const dryRun = dryRunOf(args);
  if (dryRun === 'client') return print(kind, wanted, 'created');
  const client = await context.client();
  const created = await client.create<KubernetesObject>(kind, wanted, {
    fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-create',
    fieldValidation: fieldValidationOf(args),
    dryRun: dryRun === 'server',
  });
  print(kind, created, 'created');
}

function noted(object: KubernetesObject): KubernetesObject {
  const { metadata = {} } = object;
  const annotations = { ...metadata.annotations, [lastAppliedAnnotation]: `${JSON.stringify(object)}\n` };
  return { ...object, metadata: { ...metadata, annotations } };
}

async function createFromFlags(context: CommandContext, args: Arguments, creator: Creator): Promise<void> {
  refuseOtherFlags(args, creator);
  const { make } = await creator.load();
  const [words, rest] = [textsOf(args, 'words'), textsOf(args, '--')];
  const { kind, object } = await make({ words, args, rest, context });
  const namespace = kind.namespaced ? { namespace: await context.oneNamespace() } : {};
  const wanted = { ...object, metadata: { ...object.metadata, ...namespace } };
  const print = await resultPrinter(context, args);
  await explained(nameOfCreator(creator), create(context, args, { kind, object: wanted, print }));
}

async function explained(name: string, creating: Promise<void>): Promise<void> {
  try {
    await creating;
  } catch (cause) {
    if (!(cause instanceof StatusError)) throw cause;
    throw new UserError(`error: failed to create ${name}: ${cause.message}`, { cause });
  }
}

/** A flag of another kind would be without effect. */
function refuseOtherFlags(args: Arguments, creator: Creator): void {
  const given = Object.entries(kindFlags).filter(([name, one]) => ![undefined, one.default].includes(args[name]));
  const [stray] = given.find(([name]) => !creator.flags.includes(name)) ?? [];
  if (stray !== undefined)
    throw new UserError(`error: unknown flag: --${stray}\nusage: kubecfg create ${creator.usage}`);
}

async function createClassic(context: CommandContext, args: Arguments, resource: string): Promise<void> {
  const client = await context.client();
  const { kind, name } = await parseClassicPath(client, resource);
  if (name !== undefined) throw new UserError(`usage: kubecfg [OPTIONS] create <${kind.plural}> -c FILE`);
  const manifest = await readConfig(args);
  const created = await client.create<KubernetesObject>(kind, await placed(context, kind.namespaced, manifest), {
    fieldManager: 'kubecfg-create',
  });
  await printOne(context, args, kind, created);
}
