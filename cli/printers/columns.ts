/** Aligns rows of cells into columns of spaces, as terminals show tables. Pure. */

export interface ColumnOptions {
  /** No column is narrower; the last one is never padded. */
  readonly minWidth: number;
  /** Spaces between the longest cell of a column and the next column. */
  readonly padding: number;
}

export function alignColumns(rows: readonly (readonly string[])[], { minWidth, padding }: ColumnOptions): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? minWidth, cell.length + padding);
    });
  }
  return rows.map((row) => `${row.map((cell, i) => pad(cell, widths, i, row.length)).join('')}\n`).join('');
}

const pad = (cell: string, widths: readonly number[], index: number, length: number): string =>
  index === length - 1 ? cell : cell.padEnd(widths[index] ?? 0);
