/** `top node` and `top pod`: what `metrics.k8s.io` says, which something has to serve; `top disk` is in `top-disk.ts`. */

import { isRecord } from '../../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { Resource } from '../../../api/resource.ts';
import { nodes } from '../../../api/resources/core.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { Node } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { listAll } from '../../requests.ts';
import { topDisk } from './top-disk.ts';
import { type Amounts, amountsOf, inOrder, shareOf, shownCpu, shownMemory, sumOf, type Usage } from './usage-table.ts';

interface NodeMetrics extends KubernetesObject {
  readonly usage?: Usage;
}

interface PodMetrics extends KubernetesObject {
  readonly containers?: readonly { readonly name: string; readonly usage: Usage }[];
}

const version = { group: 'metrics.k8s.io', version: 'v1beta1' } as const;
const nodeMetrics: Resource<NodeMetrics> = { ...version, kind: 'NodeMetrics', plural: 'nodes', namespaced: false };
const podMetrics: Resource<PodMetrics> = { ...version, kind: 'PodMetrics', plural: 'pods', namespaced: true };

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const resource = textOf(args, 'resource') ?? '';
  if (/^(no|nodes?)$/.test(resource)) return await topNodes(context, args);
  if (/^(po|pods?)$/.test(resource)) return await topPods(context, args);
  if (/^disks?$/.test(resource)) return await topDisk(context, args);
  throw new UserError(`error: unknown command "${resource}" for "kubecfg top": there are node, pod and disk`);
}

async function metricsOf<T extends KubernetesObject>(
  client: Client,
  kind: Resource<T>,
  { namespace, args }: { readonly namespace?: string | undefined; readonly args: Arguments },
): Promise<Stored<T>[]> {
  const name = textOf(args, 'name');
  const [labelSelector, fieldSelector] = [textOf(args, 'selector'), textOf(args, 'field-selector')];
  if (name !== undefined && labelSelector !== undefined)
    throw new UserError('error: only one of NAME or --selector can be provided');
  await checkServed(client);
  if (name !== undefined) return [await client.get(kind, { namespace, name })];
  return await listAll(client, kind, { namespace, labelSelector, fieldSelector });
}

async function checkServed(client: Client): Promise<void> {
  try {
    await client.raw('GET', `/apis/${version.group}/${version.version}`);
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'NotFound') throw error;
    throw new UserError('error: Metrics API not available');
  }
}

const columns = { minWidth: 6, padding: 3 };

async function topNodes(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const found = await metricsOf(client, nodeMetrics, { args });
  if (found.length === 0) return void context.errors.write('No resources found\n');
  const machines = new Map(
    (await listAll(client, nodes, { namespace: undefined })).map((one) => [one.metadata.name, one]),
  );
  const rows = found.map(({ metadata, usage = {} }) => ({ name: metadata.name, used: amountsOf(usage) }));
  const shown = inOrder(rows, textOf(args, 'sort-by')).map(({ name, used }) => {
    const whole = wholeOf(machines.get(name), isSet(args, 'show-capacity'));
    return [name, shownCpu(used), shareOf(used.cpu, whole.cpu), shownMemory(used), shareOf(used.memory, whole.memory)];
  });
  const header = ['NAME', 'CPU(cores)', 'CPU(%)', 'MEMORY(bytes)', 'MEMORY(%)'];
  context.out.write(alignColumns(isSet(args, 'no-headers') ? shown : [header, ...shown], columns));
}

function wholeOf(node: Node | undefined, capacity: boolean): Amounts {
  const all: unknown = capacity ? node?.status?.capacity : node?.status?.allocatable;
  return amountsOf(isRecord(all) ? all : {});
}

async function topPods(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const namespace = await context.namespace();
  const found = await metricsOf(client, podMetrics, { namespace, args });
  if (found.length === 0)
    return void context.errors.write(
      `No resources found${namespace === undefined ? '' : ` in ${namespace} namespace.`}\n`,
    );
  const each = isSet(args, 'containers');
  const all = found.flatMap(({ metadata, containers = [] }) => {
    const place = [...(namespace === undefined ? [metadata.namespace ?? ''] : []), metadata.name];
    const used = containers.map(({ name, usage }) => ({ container: name, amounts: amountsOf(usage) }));
    const key = `${metadata.namespace}/${metadata.name}`;
    if (each)
      return used.map(({ container, amounts }) => ({
        name: `${key}/${container}`,
        cells: [...place, container],
        used: amounts,
      }));
    return [{ name: key, cells: place, used: sumOf(used.map(({ amounts }) => amounts)) }];
  });
  const rows = inOrder(all, textOf(args, 'sort-by')).map(({ cells, used }) => [
    ...cells,
    shownCpu(used),
    shownMemory(used),
  ]);
  const names = [...(namespace === undefined ? ['NAMESPACE'] : []), each ? 'POD' : 'NAME', ...(each ? ['NAME'] : [])];
  const header = [...names, 'CPU(cores)', 'MEMORY(bytes)'];
  const total = sumOf(all.map(({ used }) => used));
  const empty = names.map(() => '');
  const sum = isSet(args, 'sum')
    ? [
        [...empty, '________', '________'],
        [...empty, shownCpu(total), shownMemory(total)],
      ]
    : [];
  context.out.write(alignColumns([...(isSet(args, 'no-headers') ? [] : [header]), ...rows, ...sum], columns));
}
