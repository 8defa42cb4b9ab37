/** Prints the tables that the API server makes of its objects (`meta.k8s.io/v1` Table): what `get` shows. */

import { alignColumns } from './columns.ts';

/** What is asked of the server. */
export const tableAccept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

export interface Table {
  readonly kind: 'Table';
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number; readonly format?: string }[];
  readonly rows: readonly TableRow[] | null;
}

export interface TableRow {
  readonly cells: readonly unknown[];
  readonly object: {
    readonly metadata: {
      readonly name: string;
      readonly namespace?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
  };
}

export interface TableOptions {
  readonly wide: boolean;
  /** A first column with the namespace. */
  readonly withNamespace: boolean;
  /** A last column with the labels. */
  readonly withLabels: boolean;
  /** Labels with a column of their own. */
  readonly labelColumns?: readonly string[];
  /** Written before names when several kinds are shown: `pod/`. */
  readonly namePrefix: string;
}

export function renderServerTable(table: Table, options: TableOptions, header = true): string {
  const shown = shownColumns(table, options.wide);
  const rows = (table.rows ?? []).map((row) => cellsOf(row, table, shown, options));
  return alignColumns(header ? [headerOf(table, shown, options), ...rows] : rows, { minWidth: 6, padding: 3 });
}

const shownColumns = (table: Table, wide: boolean): number[] =>
  table.columnDefinitions.flatMap(({ priority }, index) => (wide || priority === 0 ? [index] : []));

function headerOf(table: Table, shown: readonly number[], options: TableOptions): string[] {
  return [
    ...(options.withNamespace ? ['NAMESPACE'] : []),
    ...shown.map((index) => (table.columnDefinitions[index]?.name ?? '').toUpperCase()),
    ...(options.labelColumns ?? []).map((label) => (label.split('/').at(-1) ?? '').toUpperCase()),
    ...(options.withLabels ? ['LABELS'] : []),
  ];
}

function cellsOf(row: TableRow, table: Table, shown: readonly number[], options: TableOptions): string[] {
  const { namespace = '', labels = {} } = row.object.metadata;
  const texts = shown.map((index) => {
    const isName = table.columnDefinitions[index]?.format === 'name';
    return (isName ? options.namePrefix : '') + textOfCell(row.cells[index]);
  });
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return [
    ...(options.withNamespace ? [namespace] : []),
    ...texts,
    ...(options.labelColumns ?? []).map((label) => (Object.hasOwn(labels, label) ? (labels[label] ?? '') : '')),
    ...(options.withLabels ? [pairs.sort().join(',') || '<none>'] : []),
  ];
}

/** One line, without characters that would move the cursor of a terminal. */
function textOfCell(cell: unknown): string {
  if (cell === null || cell === undefined) return '<none>';
  const text = typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  const firstLine = text.split('\n', 1)[0] ?? '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out here
  return (firstLine === text ? text : `${firstLine}...`).replace(/[\x00-\x1f\x7f]/g, '?');
}
