/** `debug`: a container beside those of a pod, a copy of a pod, or a pod on a node; with `-i` goes on with it. */

import type { Stored } from '../../../api/object.ts';
import { isPodFinished } from '../../../api/pods.ts';
import { pods } from '../../../api/resources/core.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { waitUntilGone } from '../../gone.ts';
import { keysAndValues } from '../../key-value-words.ts';
import { goOnInPod, writeLog } from '../../pod-session.ts';
import { containersOf, findPod } from '../../pods-of.ts';
import { parseOne } from '../../resources.ts';
import { copyOf, type DebugContainer, ephemeralContainer, nodePod } from './debug-pods.ts';
import { isProfile } from './profiles.ts';

/** What was made, and the container to go on with. */
interface Debugging {
  readonly pod: Stored<Pod>;
  readonly container: string | undefined;
}

const pollMs = 200;

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  checkFlags(args);
  const wanted = wantedContainer(args);
  const words = textsOf(args, 'words');
  const made = await make(context, args, { words, wanted });
  const isAttached = typeof args.attach === 'boolean' ? args.attach : wanted.stdin;
  if (isAttached && made.container !== undefined) await goOn(context, args, { ...made, container: made.container });
}

function checkFlags(args: Arguments): void {
  const isCopy = textOf(args, 'copy-to') !== undefined;
  const [image, images] = [textOf(args, 'image'), textOf(args, 'set-image')];
  const command = textsOf(args, '--');
  const only = ['replace', 'same-node', 'set-image'].find((name) => args[name] !== undefined);
  const wrong: readonly (readonly [isWrong: boolean, why: string])[] = [
    [textsOf(args, 'words').length === 0, 'NAME is required for debug'],
    [!isCopy && only !== undefined, `--${only} may only be used with --copy-to.`],
    [!isCopy && image === undefined, 'you must specify --image when not using --copy-to.'],
    [
      isCopy && image === undefined && images === undefined && command.length === 0,
      'you must specify --image, --set-image or command arguments.',
    ],
    [
      isCopy && command.length > 0 && image === undefined && textOf(args, 'container') === undefined,
      'you must specify an existing container or a new image when specifying args.',
    ],
    [
      isCopy && textOf(args, 'target') !== undefined,
      '--target is incompatible with --copy-to. Use --share-processes instead.',
    ],
    [isSet(args, 'tty') && !isSet(args, 'stdin'), '-i/--stdin is required for containers with -t/--tty=true'],
  ];
  const found = wrong.find(([isWrong]) => isWrong);
  if (found !== undefined) throw new UserError(`error: ${found[1]}`);
}

function wantedContainer(args: Arguments): DebugContainer {
  const profile = textOf(args, 'profile') ?? 'legacy';
  if (!isProfile(profile)) throw new UserError(`error: unknown profile: ${profile}`);
  return {
    name: textOf(args, 'container'),
    image: textOf(args, 'image'),
    imagePullPolicy: textOf(args, 'image-pull-policy'),
    command: textsOf(args, '--'),
    argumentsOnly: isSet(args, 'arguments-only'),
    env: keysAndValues(textsOf(args, 'env')),
    stdin: isSet(args, 'stdin'),
    tty: isSet(args, 'tty'),
    profile,
  };
}

interface Asked {
  readonly words: readonly string[];
  readonly wanted: DebugContainer;
}

async function make(context: CommandContext, args: Arguments, { words, wanted }: Asked): Promise<Debugging> {
  if (words.length > 1 || words[0]?.includes('/')) {
    const { kind, name } = await parseOne(await context.client(), words);
    if (kind.kind === 'Node' && kind.group === '') return await onNode(context, args, { nodeName: name, wanted });
  }
  const pod = await findPod(context, words);
  if (textOf(args, 'copy-to') !== undefined) return await inCopy(context, args, { pod, wanted });
  return await inPod(context, args, { pod, wanted });
}

interface OfPod {
  readonly pod: Stored<Pod>;
  readonly wanted: DebugContainer;
}

async function inPod(context: CommandContext, args: Arguments, { pod, wanted }: OfPod): Promise<Debugging> {
  const target = textOf(args, 'target');
  const name = wanted.name ?? newName(context, args, pod);
  if (target !== undefined && !isSet(args, 'quiet'))
    context.errors.write(
      `Targeting container "${target}". If you don't see processes from this container it may be because the container runtime doesn't support this feature.\n`,
    );
  const patch = {
    type: 'strategic',
    body: { spec: { ephemeralContainers: [ephemeralContainer(name, wanted, target)] } },
  } as const;
  const options = { subresource: 'ephemeralcontainers', fieldManager: 'kubecfg-debug' };
  if (containersOf(pod).some((one) => one.name === name))
    throw new UserError(`error: pod ${pod.metadata.name} has a container "${name}" already`);
  const client = await context.client();
  return { pod: await client.patch<Pod>(pods, pod.metadata, patch, options), container: name };
}

async function inCopy(context: CommandContext, args: Arguments, { pod, wanted }: OfPod): Promise<Debugging> {
  const shareProcesses = args['share-processes'];
  const keeps = (what: string) => isSet(args, `keep-${what}`);
  const images = (textOf(args, 'set-image') ?? '').split(',').filter((pair) => pair !== '');
  const hasNew = wanted.name === undefined && wanted.image !== undefined;
  const { pod: copy, container } = copyOf(
    pod,
    {
      ...wanted,
      to: textOf(args, 'copy-to') ?? '',
      images: keysAndValues(images),
      shareProcesses: typeof shareProcesses === 'boolean' ? shareProcesses : undefined,
      sameNode: isSet(args, 'same-node'),
      keep: {
        labels: keeps('labels'),
        annotations: keeps('annotations'),
        liveness: keeps('liveness'),
        readiness: keeps('readiness'),
        startup: keeps('startup'),
        init: keeps('init-containers'),
      },
    },
    hasNew ? newName(context, args, pod) : '',
  );
  const client = await context.client();
  if (isSet(args, 'replace')) {
    const { uid } = pod.metadata;
    await client.delete<Pod>(pods, pod.metadata, { uid });
    // A copy of the same name waits for its place.
    if (copy.metadata?.name === pod.metadata.name)
      await waitUntilGone(context, { kind: pods, key: pod.metadata, uid, timeoutMs: 0 });
  }
  return { pod: await client.create<Pod>(pods, copy, { fieldManager: 'kubecfg-debug' }), container };
}

async function onNode(
  context: CommandContext,
  args: Arguments,
  { nodeName, wanted }: { readonly nodeName: string; readonly wanted: DebugContainer },
): Promise<Debugging> {
  const name = `node-debugger-${nodeName}-${suffix()}`;
  const wantedPod = nodePod({ nodeName, name, namespace: await context.oneNamespace() }, wanted);
  const container = wantedPod.spec?.containers[0]?.name;
  if (!isSet(args, 'quiet'))
    context.out.write(`Creating debugging pod ${name} with container ${container} on node ${nodeName}.\n`);
  const client = await context.client();
  return { pod: await client.create<Pod>(pods, wantedPod, { fieldManager: 'kubecfg-debug' }), container };
}

function newName({ out }: CommandContext, args: Arguments, pod: Stored<Pod>): string {
  const taken = new Set(containersOf(pod).map(({ name }) => name));
  let name = `debugger-${suffix()}`;
  while (taken.has(name)) name = `debugger-${suffix()}`;
  if (!isSet(args, 'quiet')) out.write(`Defaulting debug container name to ${name}.\n`);
  return name;
}

/** Of signs that spell no word. */
const suffixSigns = 'bcdfghjklmnpqrstvwxz2456789';
const suffix = (): string =>
  [...crypto.getRandomValues(new Uint8Array(5))].map((byte) => suffixSigns[byte % suffixSigns.length]).join('');

async function goOn(
  context: CommandContext,
  args: Arguments,
  { pod, container }: { readonly pod: Stored<Pod>; readonly container: string },
): Promise<void> {
  const state = await untilStarted(context, pod, container);
  if (state === 'ended') return await writeLog(context, pod.metadata, container);
  if (!isSet(args, 'quiet')) context.errors.write("If you don't see a command prompt, try pressing enter.\n");
  await goOnInPod(context, { pod, container, stdin: isSet(args, 'stdin'), tty: isSet(args, 'tty') });
}

async function untilStarted(
  context: CommandContext,
  { metadata }: Stored<Pod>,
  container: string,
): Promise<'running' | 'ended'> {
  const client = await context.client();
  let told = '';
  while (!context.signal.aborted) {
    const pod = await client.get<Pod>(pods, metadata);
    const { running, terminated, waiting } = stateOf(pod, container) ?? {};
    if (running !== undefined) return 'running';
    if (terminated !== undefined || isPodFinished(pod)) return 'ended';
    const trouble = waiting?.message === undefined ? '' : `${waiting.reason}: ${waiting.message}`;
    if (trouble !== told && trouble !== '') context.errors.write(`Warning: container ${container}: ${trouble}\n`);
    told = trouble;
    await systemClock.sleep(pollMs, context.signal);
  }
  throw new UserError(`Stopped; pod ${metadata.name} stays, with its container ${container}`);
}

const stateOf = ({ status }: Pod, container: string): ContainerStatus['state'] =>
  [...(status?.containerStatuses ?? []), ...(status?.ephemeralContainerStatuses ?? [])].find(
    ({ name }) => name === container,
  )?.state;
