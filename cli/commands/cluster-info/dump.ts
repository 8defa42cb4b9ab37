/** `cluster-info dump`: what there is and what it wrote, for who looks at a cluster that is not theirs. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { daemonSets, deployments, replicaSets } from '../../../api/resources/apps.ts';
import { events, namespaces, nodes, pods, replicationControllers, services } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { errorText } from '../../../base/error-text.ts';
import { UserError } from '../../../base/user-error.ts';
import { objectPath, queryString } from '../../../client/resource-path.ts';
import { type Arguments, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { pathSegment } from '../../path-segment.ts';
import { structuredPrinter } from '../../printing.ts';
import { listAll, withType } from '../../requests.ts';

/** What is listed of each namespace beside its pods, and how its file is called. */
const parts: readonly (readonly [file: string, kind: Resource<KubernetesObject>])[] = [
  ['events', events],
  ['replication-controllers', replicationControllers],
  ['services', services],
  ['daemonsets', daemonSets],
  ['deployments', deployments],
  ['replicasets', replicaSets],
];

interface Sink {
  put(path: string, text: string): Promise<void>;
}

export async function dump(context: CommandContext, args: Arguments): Promise<void> {
  const named = textOf(args, 'output-directory');
  const directory = named === '-' ? undefined : named;
  const sink = directory === undefined ? printed(context) : written(directory);
  const print = (await structuredPrinter({ ...args, output: textOf(args, 'output') ?? 'json' })) ?? JSON.stringify;
  const suffix = textOf(args, 'output') === 'yaml' ? 'yaml' : 'json';
  const client = await context.client();
  const putList = async <T extends KubernetesObject>(path: string, kind: Resource<T>, namespace?: string) => {
    const found = await listAll(client, kind, { namespace });
    const items = found.map((item) => withType(kind, item));
    await sink.put(`${path}.${suffix}`, print({ apiVersion: 'v1', kind: 'List', items }));
    return found;
  };
  await putList('nodes', nodes);
  for (const namespace of await namespacesOf(context, args)) {
    for (const [file, kind] of parts) await putList(join(namespace, file), kind, namespace);
    for (const pod of await putList(join(namespace, 'pods'), pods, namespace))
      await sink.put(join(namespace, pod.metadata.name, 'logs.txt'), await logsOf(context, pod));
  }
  if (directory !== undefined) context.out.write(`Cluster info dumped to ${directory}\n`);
}

async function namespacesOf(context: CommandContext, args: Arguments): Promise<readonly string[]> {
  if (isSet(args, 'all-namespaces')) {
    const found = await listAll(await context.client(), namespaces, { namespace: undefined });
    return found.map(({ metadata }) => metadata.name);
  }
  const named = textsOf(args, 'namespaces').flatMap((list) => list.split(','));
  return named.length > 0
    ? named.map((name) => pathSegment('namespace', name))
    : [...new Set([await context.oneNamespace(), 'kube-system'])];
}

/** Of all containers. One that has no log, or whose node does not answer, says so in its place. */
async function logsOf(context: CommandContext, pod: Stored<Pod>): Promise<string> {
  const { namespace = '', name } = pod.metadata;
  const client = await context.client();
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  let text = '';
  for (const container of containers) {
    const path = `${objectPath(pods, { namespace, name }, 'log')}${queryString({ container: container.name })}`;
    const log = await client.raw('GET', path).then(
      (answer) => answer.text,
      (error) => `Request log error: ${errorText(error)}\n`,
    );
    const title = `logs for container ${container.name} of pod ${namespace}/${name}`;
    text += `==== START ${title} ====\n${log}${log === '' || log.endsWith('\n') ? '' : '\n'}==== END ${title} ====\n`;
  }
  return text;
}

const printed = ({ out }: CommandContext): Sink => ({
  async put(_path, text) {
    out.write(text.endsWith('\n') || text === '' ? text : `${text}\n`);
  },
});

/** Namespaces and pods have names that are also safe as names of files. */
const written = (directory: string): Sink => ({
  async put(path, text) {
    const file = join(directory, path);
    try {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    } catch (cause) {
      throw new UserError(`error: cannot write ${file}: ${errorText(cause)}`, { cause });
    }
  },
});
