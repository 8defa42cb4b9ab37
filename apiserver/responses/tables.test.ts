import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { nameColumn } from '../../kinds/columns.ts';
import { toTable } from './tables.ts';

const options = { apiVersion: 'meta.k8s.io/v1', include: 'None', metadata: {}, now: 0 } as const;
const objects: Stored[] = ['a', 'c', 'b'].map((name) => ({
  apiVersion: 'v1',
  kind: 'Thing',
  metadata: { name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
}));

const namesIn = (table: object): unknown[] =>
  (table as { rows: { cells: unknown[] }[] }).rows.map(({ cells }) => cells[0]);

it('shows rows as they are listed', () => {
  assert.deepEqual(namesIn(toTable({ columns: [nameColumn] }, objects, options)), ['a', 'c', 'b']);
});

it('shows rows in the order of their kind, and leaves the list as it is', () => {
  const descending = (a: { metadata?: { name?: string } }, b: { metadata?: { name?: string } }): number =>
    (b.metadata?.name ?? '').localeCompare(a.metadata?.name ?? '');
  const table = toTable({ columns: [nameColumn], compareRows: descending }, objects, options);
  assert.deepEqual(namesIn(table), ['c', 'b', 'a']);
  assert.deepEqual(
    objects.map(({ metadata }) => metadata.name),
    ['a', 'c', 'b'],
  );
});
