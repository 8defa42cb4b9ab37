/** `-o custom-columns=NAME:.metadata.name,…`: a table whose columns are paths. */

import { goValue } from '../../api/go-text.ts';
import { UserError } from '../../base/user-error.ts';
import { Columns } from './columns.ts';
import { findByPath } from './json-path/json-path.ts';

export interface CustomColumn {
  readonly header: string;
  readonly path: string;
}

export function parseCustomColumns(spec: string): CustomColumn[] {
  if (spec === '') throw new UserError('error: custom-columns format specified but no custom columns given');
  return spec.split(',').map((column) => {
    const colon = column.indexOf(':');
    if (colon < 0)
      throw new UserError(`error: unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`);
    return { header: column.slice(0, colon), path: column.slice(colon + 1) };
  });
}

/** A file of `-o custom-columns-file`: a line with headers, and one with paths. */
export function parseColumnsFile(text: string): CustomColumn[] {
  const [headers = [], paths = []] = text.split('\n').map((line) => line.trim().split(/\s+/));
  if (headers[0] === '' || headers.length !== paths.length)
    throw new UserError(`error: number of headers (${headers.length}) and specs (${paths.length}) don't match`);
  return headers.map((header, index) => ({ header, path: paths[index] ?? '' }));
}

/** Renders objects as rows, below one header; those that come later in the same columns. */
export function customColumnsRenderer(
  columns: readonly CustomColumn[],
  withHeader: boolean,
): (objects: readonly unknown[]) => string {
  const layout = new Columns({ minWidth: 6, padding: 3 });
  let isHeaderDue = withHeader;
  return (objects) => {
    const rows = objects.map((object) => columns.map(({ path }) => cellOf(findByPath(path, object))));
    const header = isHeaderDue ? [columns.map((column) => column.header)] : [];
    isHeaderDue = false;
    return layout.align([...header, ...rows]);
  };
}

const cellOf = (found: readonly unknown[]): string =>
  found.length === 0 ? '<none>' : found.map((value) => (value === null ? '<none>' : goValue(value))).join(',');
