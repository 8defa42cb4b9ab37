/**
 * Tables as the first kubecfg printed them: a header, a row of ten dashes for each column, the rows, an empty line.
 * Only the four classic resources and Status have such a table.
 */

import type { Node, Pod, ReplicationController, Service } from '../../api/types/core/v1.ts';
import { compareKeys } from '../../base/compare.ts';
import { alignColumns } from './columns.ts';

interface ClassicTable<T> {
  readonly columns: readonly string[];
  row(object: T): string[];
}

const pods: ClassicTable<Pod> = {
  columns: ['Name', 'Image(s)', 'Host', 'Labels', 'Status'],
  row: ({ metadata, spec, status }) => [
    metadata?.name ?? '',
    imagesOf(spec?.containers),
    spec?.nodeName === undefined ? '<unassigned>' : `${spec.nodeName}/${status?.hostIP ?? ''}`,
    pairs(metadata?.labels),
    status?.phase ?? '',
  ],
};

const replicationControllers: ClassicTable<ReplicationController> = {
  columns: ['Name', 'Image(s)', 'Selector', 'Replicas'],
  row: ({ metadata, spec }) => [
    metadata?.name ?? '',
    imagesOf(spec?.template?.spec?.containers),
    pairs(spec?.selector),
    String(spec?.replicas ?? 0),
  ],
};

const services: ClassicTable<Service> = {
  columns: ['Name', 'Labels', 'Selector', 'IP', 'Port'],
  row: ({ metadata, spec }) => [
    metadata?.name ?? '',
    pairs(metadata?.labels),
    pairs(spec?.selector),
    spec?.clusterIP ?? '',
    (spec?.ports ?? []).map(({ port }) => port).join(','),
  ],
};

const nodes: ClassicTable<Node> = { columns: ['Minion identifier'], row: ({ metadata }) => [metadata?.name ?? ''] };

const statuses: ClassicTable<{ status?: string }> = { columns: ['Status'], row: ({ status }) => [status ?? ''] };

const tables = new Map<string, ClassicTable<unknown>>([
  ['Pod', pods],
  ['ReplicationController', replicationControllers],
  ['Service', services],
  ['Node', nodes],
  ['Status', statuses],
]);

export const hasClassicTable = (kind: string): boolean => tables.has(kind);

/** `kind` says which table; the objects need not name it (items of a list do not). */
export function renderClassicTable(kind: string, objects: readonly object[]): string {
  const table = tables.get(kind);
  if (table === undefined) throw new RangeError(`There is no classic table of ${kind}`);
  const dashes = table.columns.map(() => '----------');
  const rows = [table.columns, dashes, ...objects.map((object) => table.row(object))];
  return `${alignColumns(rows, { minWidth: 20, padding: 3 })}\n`;
}

const imagesOf = (containers: readonly { readonly image?: string }[] = []): string =>
  containers.map(({ image }) => image ?? '').join(',');

function pairs(labels: Readonly<Record<string, string>> = {}): string {
  const entries = Object.entries(labels).sort(compareKeys);
  return entries.length === 0 ? '<none>' : entries.map(([key, value]) => `${key}=${value}`).join(',');
}
