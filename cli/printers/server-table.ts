/** Prints the tables that the API server makes of its objects (`meta.k8s.io/v1` Table): what `get` shows. */

import { printableText } from '../printable-text.ts';
import { Columns } from './columns.ts';

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
  /** Before it, what happened to the object: `ADDED`, for `--output-watch-events`. */
  readonly event?: string | undefined;
  /** A last column with the labels. */
  readonly withLabels: boolean;
  /** Labels with a column of their own. */
  readonly labelColumns?: readonly string[];
  /** Written before names when several kinds are shown: `pod/`. */
  readonly namePrefix: string;
}

const layout = { minWidth: 6, padding: 3 };

/** `columns` are those of the rows before, when it goes on. */
export function renderServerTable(
  table: Table,
  options: TableOptions,
  { header = true, columns = new Columns(layout) }: { readonly header?: boolean; readonly columns?: Columns } = {},
): string {
  const shown = shownColumns(table, options.wide);
  const rows = (table.rows ?? []).map((row) => cellsOf(row, table, shown, options));
  return columns.align(header ? [headerOf(table, shown, options), ...rows] : rows);
}

/** For a table whose rows come by and by. */
export const serverTableColumns = (): Columns => new Columns(layout);

const shownColumns = (table: Table, wide: boolean): number[] =>
  table.columnDefinitions.flatMap(({ priority }, index) => (wide || priority === 0 ? [index] : []));

function headerOf(table: Table, shown: readonly number[], options: TableOptions): string[] {
  return [
    ...(options.event === undefined ? [] : ['EVENT']),
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
    ...(options.event === undefined ? [] : [options.event]),
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
  const [firstLine = ''] = text.split(/[\f\n\r]/, 1);
  return printableText(firstLine === text ? text : `${firstLine}...`).replaceAll('\t', ' ');
}
