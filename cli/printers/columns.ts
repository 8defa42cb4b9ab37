/** Aligns rows of cells into columns of spaces, as terminals show tables. */

export interface ColumnOptions {
  /** No column is narrower; the last one is never padded. */
  readonly minWidth: number;
  /** Spaces between the longest cell of a column and the next column. */
  readonly padding: number;
}

/** A table whose rows come by and by: no column becomes narrower than it was. */
export class Columns {
  readonly #options: ColumnOptions;
  readonly #widths: number[] = [];

  constructor(options: ColumnOptions) {
    this.#options = options;
  }

  /** The next rows, as lines. */
  align(rows: readonly (readonly string[])[]): string {
    const { minWidth, padding } = this.#options;
    for (const row of rows) {
      row.slice(0, -1).forEach((cell, index) => {
        this.#widths[index] = Math.max(this.#widths[index] ?? minWidth, lengthOf(cell) + padding);
      });
    }
    return rows.map((row) => `${row.map((cell, index) => this.#pad(cell, index, row.length)).join('')}\n`).join('');
  }

  #pad(cell: string, index: number, length: number): string {
    const width = index === length - 1 ? 0 : (this.#widths[index] ?? 0);
    return cell + ' '.repeat(Math.max(0, width - lengthOf(cell)));
  }
}

/** A whole table at once. Pure. */
export const alignColumns = (rows: readonly (readonly string[])[], options: ColumnOptions): string =>
  new Columns(options).align(rows);

/** In characters as people count them, not in UTF-16. */
const lengthOf = (cell: string): number => [...cell].length;
