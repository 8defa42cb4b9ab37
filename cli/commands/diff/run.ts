/** `diff -f FILE`: each object as it is beside what `apply` would make of it, as the server says. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubernetesObject } from '../../../api/object.ts';
import { UserError } from '../../../base/user-error.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { type Printer, yamlPrinter } from '../../printing.ts';
import { runAtTerminal } from '../../programs.ts';
import { SilentExit } from '../../silent-exit.ts';
import { readTargets, type Target } from '../../target-objects.ts';
import { maskSecrets } from './mask-secrets.ts';

interface Version {
  readonly name: string;
  readonly live: string;
  readonly merged: string;
}

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  if (textsOf(args, 'filename').length === 0) throw new UserError('error: must specify one of -f and -k');
  const print = await yamlPrinter({ withManagedFields: isSet(args, 'show-managed-fields') });
  const versions: Version[] = [];
  for (const target of await readTargets(context, args)) versions.push(await compare(context, args, { target, print }));
  const external = process.env.KUBECTL_EXTERNAL_DIFF;
  const code = external ? await showWith(external, versions) : await show(context, versions);
  if (code !== 0) throw new SilentExit(code);
}

async function compare(
  context: CommandContext,
  args: Arguments,
  { target: { kind, key, manifest }, print }: { readonly target: Target; readonly print: Printer },
): Promise<Version> {
  const client = await context.client();
  const live = await ifPresent(client.get<KubernetesObject>(kind, key));
  const fieldManager = textOf(args, 'field-manager') ?? 'kubecfg';
  const patch = { type: 'apply', body: manifest, force: true } as const;
  const merged = await client.patch<KubernetesObject>(kind, key, patch, { fieldManager, dryRun: true });
  const [before, after] = kind.kind === 'Secret' && kind.group === '' ? maskSecrets(live, merged) : [live, merged];
  const version = kind.group === '' ? kind.version : `${kind.group}.${kind.version}`;
  return {
    name: `${version}.${kind.kind}.${key.namespace ?? ''}.${key.name}`,
    live: before === undefined ? '' : print(before),
    merged: print(after),
  };
}

/** Unified differences, as `diff -u -N` has them. */
async function show(context: CommandContext, versions: readonly Version[]): Promise<number> {
  const { createTwoFilesPatch, FILE_HEADERS_ONLY } = await import('diff');
  const changed = versions.filter(({ live, merged }) => live !== merged);
  for (const { name, live, merged } of changed) {
    const [before, after] = [`LIVE/${name}`, `MERGED/${name}`];
    const headerOptions = FILE_HEADERS_ONLY;
    const patch = createTwoFilesPatch(before, after, live, merged, undefined, undefined, { context: 3, headerOptions });
    context.out.write(`diff -u -N ${before} ${after}\n${patch}`);
  }
  return changed.length === 0 ? 0 : 1;
}

/** By the user's program, which gets two folders, as kubectl gives them. */
async function showWith(command: string, versions: readonly Version[]): Promise<number> {
  const folders = await Promise.all(['LIVE', 'MERGED'].map((name) => mkdtemp(join(tmpdir(), `${name}-`))));
  const [live = '', merged = ''] = folders;
  try {
    for (const version of versions) {
      if (version.live !== '') await writeFile(join(live, version.name), version.live, { mode: 0o600 });
      await writeFile(join(merged, version.name), version.merged, { mode: 0o600 });
    }
    return await runAtTerminal(command, folders);
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}
