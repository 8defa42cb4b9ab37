/** What takes the disk of a node, as rows of tables, from the kubelet's summary and the node's images. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { Node, Pod } from '../../../api/types/core/v1.ts';

type Rows = string[][];

export interface DiskTables {
  readonly fileSystems: Rows;
  /** Who takes most comes first. */
  readonly pods: Rows;
  /** The largest comes first. */
  readonly images: Rows;
}

export interface DiskInput {
  /** What `/stats/summary` of the node answered, as JSON. */
  readonly summary: unknown;
  readonly node: Pick<Node, 'status'>;
  /** Those of the node. */
  readonly pods: readonly Pod[];
  /** A row for each container and volume instead of one for each pod. */
  readonly each: boolean;
}

export function computeDiskTables({ summary, node, pods, each }: DiskInput): DiskTables {
  return {
    fileSystems: [
      ['FILESYSTEM', 'SIZE', 'USED', 'AVAILABLE', 'USED(%)', 'INODES(%)'],
      ...fileSystemRow('nodefs', at(summary, 'node', 'fs')),
      ...fileSystemRow('imagefs', at(summary, 'node', 'runtime', 'containerFs')),
    ],
    pods: each ? partRows(summary) : podRows(summary),
    images: [
      ['IMAGE', 'SIZE', 'PODS'],
      ...(node.status?.images ?? []).map(({ names = [], sizeBytes = 0 }) => [
        nameOf(names),
        mebi(Number(sizeBytes)),
        String(pods.filter((pod) => isMadeOf(pod, names)).length),
      ]),
    ],
  };
}

function fileSystemRow(name: string, figures: unknown): Rows {
  if (!isRecord(figures)) return [];
  const [capacity, available] = [numberAt(figures, 'capacityBytes'), numberAt(figures, 'availableBytes')];
  const [inodes, free] = [numberAt(figures, 'inodes'), numberAt(figures, 'inodesFree')];
  const used = capacity - available;
  return [[name, mebi(capacity), mebi(used), mebi(available), share(used, capacity), share(inodes - free, inodes)]];
}

interface PodParts {
  readonly namespace: string;
  readonly name: string;
  readonly containers: readonly { readonly name: string; readonly rootfs: number; readonly logs: number }[];
  readonly volumes: readonly { readonly name: string; readonly bytes: number }[];
}

function podRows(summary: unknown): Rows {
  const rows = podsOf(summary).map(({ namespace, name, containers, volumes }) => {
    const rootfs = sum(containers.map((one) => one.rootfs));
    const logs = sum(containers.map((one) => one.logs));
    const held = sum(volumes.map(({ bytes }) => bytes));
    return { total: rootfs + logs + held, cells: [namespace, name, ...[rootfs, logs, held].map(mebi)] };
  });
  const header = ['NAMESPACE', 'NAME', 'ROOTFS', 'LOGS', 'VOLUMES', 'TOTAL'];
  return [header, ...inOrder(rows).map(({ cells, total }) => [...cells, mebi(total)])];
}

function partRows(summary: unknown): Rows {
  const rows = podsOf(summary).flatMap(({ namespace, name, containers, volumes }) => [
    ...containers.flatMap((one) => [
      { total: one.rootfs, cells: [namespace, name, `container/${one.name}`, 'rootfs'] },
      { total: one.logs, cells: [namespace, name, `container/${one.name}`, 'logs'] },
    ]),
    ...volumes.map((one) => ({ total: one.bytes, cells: [namespace, name, `volume/${one.name}`, 'files'] })),
  ]);
  const header = ['NAMESPACE', 'POD', 'NAME', 'WHAT', 'SIZE'];
  return [header, ...inOrder(rows).map(({ cells, total }) => [...cells, mebi(total)])];
}

const inOrder = <T extends { readonly total: number; readonly cells: readonly string[] }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => b.total - a.total || (a.cells.join('/') < b.cells.join('/') ? -1 : 1));

function podsOf(summary: unknown): PodParts[] {
  return listAt(summary, 'pods').map((pod) => ({
    namespace: textAt(at(pod, 'podRef'), 'namespace'),
    name: textAt(at(pod, 'podRef'), 'name'),
    containers: listAt(pod, 'containers').map((one) => ({
      name: textAt(one, 'name'),
      rootfs: numberAt(at(one, 'rootfs'), 'usedBytes'),
      logs: numberAt(at(one, 'logs'), 'usedBytes'),
    })),
    volumes: listAt(pod, 'volume').map((one) => ({ name: textAt(one, 'name'), bytes: numberAt(one, 'usedBytes') })),
  }));
}

/** A tag says more to people than a digest. */
const nameOf = (names: readonly string[]): string => names.find((name) => !name.includes('@')) ?? names[0] ?? '<none>';

function isMadeOf({ status }: Pod, names: readonly string[]): boolean {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return containers.some(({ image, imageID }) =>
    names.some((name) => name === image || imageID === name || imageID.endsWith(`/${name}`)),
  );
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isRecord(inner) ? inner[name] : undefined), value);
}

function listAt(value: unknown, name: string): unknown[] {
  const found = at(value, name);
  return Array.isArray(found) ? found : [];
}

function numberAt(value: unknown, name: string): number {
  const found = at(value, name);
  return typeof found === 'number' ? found : 0;
}

function textAt(value: unknown, name: string): string {
  const found = at(value, name);
  return typeof found === 'string' ? found : '';
}

const sum = (amounts: readonly number[]): number => amounts.reduce((total, one) => total + one, 0);
const mebi = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)}Mi`;
const share = (used: number, whole: number): string =>
  whole === 0 ? '<unknown>' : `${Math.floor((used * 100) / whole)}%`;
