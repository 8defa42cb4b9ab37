/** `cp`: copies between this machine and a container, by the container's tar. */

import { once } from 'node:events';
import { lstat } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { PassThrough } from 'node:stream';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, countOf, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { chooseContainer } from '../../pods-of.ts';
import { readError } from '../../read-error.ts';
import { runRemote } from '../../remote-command.ts';
import { withSpinner } from '../../spinner.ts';
import { packTree } from './pack-tree.ts';
import { isRemotePlace, type LocalPlace, parsePlace, type RemotePlace } from './place.ts';
import { unpackTree } from './unpack-tree.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const [from, to] = [parsePlace(textOf(args, 'from') ?? ''), parsePlace(textOf(args, 'to') ?? '')];
  if (isRemotePlace(from) && isRemotePlace(to))
    throw new UserError('error: one of src or dest must be a local file specification');
  if (isRemotePlace(to)) await upload(context, args, { from, to });
  else if (isRemotePlace(from)) await download(context, args, { from, to });
  else throw new UserError('error: one of src or dest must be a remote file specification');
}

interface Upload {
  readonly from: LocalPlace;
  readonly to: RemotePlace;
}

interface Download {
  readonly from: RemotePlace;
  readonly to: LocalPlace;
}

interface Container {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly container: string;
}

async function containerOf(context: CommandContext, args: Arguments, place: RemotePlace): Promise<Container> {
  const namespace = place.namespace ?? (await context.oneNamespace());
  const pod = await (await context.client()).get<Pod>(pods, { namespace, name: place.pod });
  const { name } = chooseContainer(context, pod, { named: textOf(args, 'container') });
  return { pod: { namespace, name: place.pod }, container: name };
}

async function upload(context: CommandContext, args: Arguments, { from, to }: Upload): Promise<void> {
  await checkThere(from.path);
  const container = await containerOf(context, args, to);
  const isFolder = (await runIn(context, container, ['test', '-d', to.path], {})) === 0;
  const target = isFolder ? posix.join(to.path, basename(from.path)) : to.path.replace(/\/+$/, '') || '/';
  const preserve = isSet(args, 'no-preserve') ? ['--no-same-permissions', '--no-same-owner'] : [];
  const command = ['tar', ...preserve, '-xmf', '-', '-C', posix.dirname(target)];
  const code = await withSpinner(context, `Copying ${from.path}`, (note) =>
    runIn(context, container, command, { input: counted(packTree(from.path, posix.basename(target)), note) }),
  );
  if (code !== 0) throw new UserError(`error: tar in the container ended with exit code ${code}`);
}

async function checkThere(path: string): Promise<void> {
  try {
    await lstat(path);
  } catch (cause) {
    throw readError('source', path, cause);
  }
}

async function download(context: CommandContext, args: Arguments, { from, to }: Download): Promise<void> {
  const container = await containerOf(context, args, from);
  const tries = countOf(args, 'retries', -1);
  for (let attempt = 0; ; attempt += 1) {
    const archive = new PassThrough();
    const unpacking = unpackTree(archive, { from: from.path, to: to.path, warn: (text) => context.errors.write(text) });
    // It is awaited below; until then its failure is nobody's.
    unpacking.catch(() => archive.resume());
    try {
      const code = await withSpinner(context, `Copying ${from.path}`, (note) =>
        runIn(context, container, ['tar', 'cf', '-', from.path], { output: archive, onBytes: bytesNote(note) }),
      );
      archive.end();
      const count = await unpacking;
      if (code === 0) return;
      throw new UserError(
        count === 0 ? `error: ${from.path} no such file or directory` : `error: tar ended with exit code ${code}`,
      );
    } catch (error) {
      archive.destroy();
      if (tries >= 0 && attempt >= tries) throw error;
      if (context.signal.aborted) throw error;
      context.errors.write('Resuming copy\n');
    }
  }
}

interface Pipes {
  readonly input?: AsyncIterable<Uint8Array>;
  readonly output?: PassThrough;
  onBytes?(count: number): void;
}

/** Tells how much has passed. */
function bytesNote(note: (text: string) => void): (count: number) => void {
  let total = 0;
  return (count) => {
    total += count;
    note(`${(total / (1 << 20)).toFixed(1)} MiB`);
  };
}

async function* counted(input: AsyncIterable<Uint8Array>, note: (text: string) => void): AsyncGenerator<Uint8Array> {
  const add = bytesNote(note);
  for await (const chunk of input) {
    yield chunk;
    add(chunk.length);
  }
}

async function runIn(
  context: CommandContext,
  container: Container,
  command: readonly string[],
  { input, output, onBytes }: Pipes,
): Promise<number> {
  return await runRemote(context, {
    ...container,
    command,
    tty: false,
    input,
    onOutput: (chunk) => {
      onBytes?.(chunk.length);
      return output === undefined || output.write(chunk) ? undefined : once(output, 'drain');
    },
    onError: (chunk) => context.errors.write(chunk),
  });
}
