/** `run NAME --image IMAGE`: makes a pod, and with `-i` goes on with it to its end. */

import type { Stored } from '../../../api/object.ts';
import { isPodFinished } from '../../../api/pods.ts';
import { pods, services } from '../../../api/resources/core.ts';
import type { Container, Pod, Service } from '../../../api/types/core/v1.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import { ifPresent } from '../../../client/if-present.ts';
import { type Arguments, countOf, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { keysAndValues } from '../../key-value-words.ts';
import { goOnInPod } from '../../pod-session.ts';
import { dryRunOf, resultPrinter } from '../../results.ts';
import { SilentExit } from '../../silent-exit.ts';
import { withOverrides } from './overrides.ts';

const pollMs = 200;

export async function runPod(context: CommandContext, args: Arguments): Promise<void> {
  if (args.replicas !== undefined)
    throw new UserError(
      'usage: kubecfg run NAME --image IMAGE | kubecfg [OPTIONS] run <image> <replicas> <controller>',
    );
  if (textOf(args, 'image') === undefined) throw new UserError('error: required flag(s) "image" not set');
  const namespace = await context.oneNamespace();
  const wanted = overridden(args, podFor(args, namespace));
  const isAttached = isSet(args, 'attach') || (isSet(args, 'stdin') && args.attach !== false);
  if (isSet(args, 'rm') && !isAttached) throw new UserError('error: --rm should only be used for attached containers');
  const print = isSet(args, 'rm') || isAttached ? () => undefined : await resultPrinter(context, args);
  const dryRun = dryRunOf(args);
  const options = { fieldManager: textOf(args, 'field-manager') ?? 'kubecfg-run', dryRun: dryRun === 'server' };
  const client = await context.client();
  const service = isSet(args, 'expose') ? serviceFor(wanted) : undefined;
  if (service !== undefined)
    print(
      services,
      dryRun === 'client' ? service : await client.create<Service>(services, service, options),
      'created',
    );
  if (dryRun === 'client') return void print(pods, wanted, 'created');
  const pod = await client.create<Pod>(pods, wanted, options);
  print(pods, pod, 'created');
  if (isAttached && dryRun === 'none') await goOn(context, args, pod);
}

function podFor(args: Arguments, namespace: string): Pod {
  const name = textOf(args, 'name') ?? '';
  const labels =
    textOf(args, 'labels') === undefined ? { run: name } : keysAndValues((textOf(args, 'labels') ?? '').split(','));
  const annotations = keysAndValues(textsOf(args, 'annotations'));
  return {
    metadata: { name, namespace, labels, ...(Object.keys(annotations).length > 0 && { annotations }) },
    spec: {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: textOf(args, 'restart') ?? 'Always',
      containers: [containerFor(args, name)],
    },
  };
}

function overridden(args: Arguments, pod: Pod): Pod {
  const overrides = textOf(args, 'overrides');
  if (overrides === undefined) return pod;
  return withOverrides(pod, overrides, textOf(args, 'override-type') === 'json' ? 'json' : 'merge');
}

function containerFor(args: Arguments, name: string): Container {
  const rest = textsOf(args, '--');
  const env = Object.entries(keysAndValues(textsOf(args, 'env'))).map(([key, value]) => ({ name: key, value }));
  const pullPolicy = textOf(args, 'image-pull-policy');
  return {
    name,
    image: textOf(args, 'image') ?? '',
    ...(rest.length > 0 && { [isSet(args, 'command') ? 'command' : 'args']: rest }),
    ...(env.length > 0 && { env }),
    ...(textOf(args, 'port') !== undefined && { ports: [{ containerPort: countOf(args, 'port', 1) }] }),
    ...(pullPolicy !== undefined && { imagePullPolicy: pullPolicy }),
    ...(isSet(args, 'privileged') && { securityContext: { privileged: true } }),
    ...(isSet(args, 'stdin') && { stdin: true, stdinOnce: true }),
    ...(isSet(args, 'tty') && { tty: true }),
  };
}

function serviceFor({ metadata, spec }: Pod): Service {
  const port = spec?.containers[0]?.ports?.[0]?.containerPort;
  if (port === undefined) throw new UserError('error: --port must be set when exposing a service');
  return {
    metadata: { ...metadata },
    spec: { selector: { ...metadata?.labels }, ports: [{ port, protocol: 'TCP', targetPort: port }] },
  };
}

async function goOn(context: CommandContext, args: Arguments, pod: Stored<Pod>): Promise<void> {
  const client = await context.client();
  const { namespace, name, uid } = pod.metadata;
  try {
    await untilStarted(context, args, pod);
    if (!isSet(args, 'quiet')) context.errors.write("If you don't see a command prompt, try pressing enter.\n");
    const [stdin, tty] = [isSet(args, 'stdin'), isSet(args, 'tty')];
    const container = pod.spec?.containers[0]?.name ?? name;
    await goOnInPod(context, { pod, container, stdin, tty });
    const code = await exitCode(context, pod);
    if (code !== 0) throw new SilentExit(code);
  } finally {
    if (isSet(args, 'rm')) {
      await ifPresent(client.delete<Pod>(pods, { namespace, name }, { uid }));
      if (!isSet(args, 'quiet')) context.out.write(`pod "${name}" deleted\n`);
    }
  }
}

async function untilStarted(context: CommandContext, args: Arguments, { metadata }: Stored<Pod>): Promise<void> {
  const client = await context.client();
  const end =
    systemClock.monotonic() + durationMs(textOf(args, 'pod-running-timeout') ?? '1m', '--pod-running-timeout');
  while (!context.signal.aborted) {
    const pod = await client.get<Pod>(pods, metadata);
    if (pod.status?.phase === 'Running' || isPodFinished(pod)) return;
    if (systemClock.monotonic() > end) throw new UserError('error: timed out waiting for the condition');
    await systemClock.sleep(pollMs, context.signal);
  }
}

/** Of a pod that is not started again; others go on. */
async function exitCode(context: CommandContext, { metadata, spec }: Stored<Pod>): Promise<number> {
  if (spec?.restartPolicy === 'Always') return 0;
  const client = await context.client();
  while (!context.signal.aborted) {
    const pod = await client.get<Pod>(pods, metadata);
    if (isPodFinished(pod)) return pod.status?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? 0;
    await systemClock.sleep(pollMs, context.signal);
  }
  return 130;
}
