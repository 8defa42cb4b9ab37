import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { renderServerTable, serverTableColumns, type Table } from './server-table.ts';

const table: Table = {
  kind: 'Table',
  metadata: {},
  columnDefinitions: [
    { name: 'Name', priority: 0, format: 'name' },
    { name: 'Ready', priority: 0 },
    { name: 'Node', priority: 1 },
  ],
  rows: [
    {
      cells: ['web', '1/1', 'n1'],
      object: { metadata: { name: 'web', namespace: 'default', labels: { b: '2', a: '1' } } },
    },
    { cells: ['database-0', '0/1', null], object: { metadata: { name: 'database-0', namespace: 'db' } } },
  ],
};
const plain = { wide: false, withNamespace: false, withLabels: false, namePrefix: '' };

describe('renderServerTable', () => {
  it('shows columns of priority 0, in upper case, three spaces apart', () => {
    assert.equal(renderServerTable(table, plain), 'NAME         READY\nweb          1/1\ndatabase-0   0/1\n');
  });

  it('shows all columns when wide, and <none> for nothing', () => {
    assert.match(renderServerTable(table, { ...plain, wide: true }), /NODE\n.* n1\n.* <none>\n$/);
  });

  it('puts namespace first and labels last', () => {
    const lines = renderServerTable(table, { ...plain, withNamespace: true, withLabels: true }).split('\n');
    assert.equal(lines[1], 'default     web          1/1     a=1,b=2');
    assert.equal(lines[2], 'db          database-0   0/1     <none>');
  });

  it('says which kind a name belongs to', () => {
    assert.match(renderServerTable(table, { ...plain, namePrefix: 'pod/' }), /^pod\/web /m);
  });

  it('keeps its columns where they were when rows follow, and makes them wider when it must', () => {
    const columns = serverTableColumns();
    const rowsOf = (name: string) => ({
      ...table,
      rows: [{ cells: [name, '1/1', null], object: { metadata: { name } } }],
    });
    assert.equal(renderServerTable(rowsOf('database-0'), plain, { columns }), 'NAME         READY\ndatabase-0   1/1\n');
    const more = (name: string) => renderServerTable(rowsOf(name), plain, { columns, header: false });
    assert.equal(more('a'), 'a            1/1\n');
    assert.equal(more('database-long'), 'database-long   1/1\n');
    assert.equal(more('a'), 'a               1/1\n');
  });

  it('keeps terminals safe from what objects contain', () => {
    const evil = { ...table, rows: [{ cells: ['a\u001b[2J\nb', 'x'], object: { metadata: { name: 'a' } } }] };
    assert.equal(renderServerTable(evil, plain, { header: false }), 'a^[[2J...   x\n');
  });
});
