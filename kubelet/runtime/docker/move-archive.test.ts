import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { extract, type Headers, pack } from 'tar-stream';
import { moveArchive, moveEntry, ofEngine } from './move-archive.ts';

describe('moveEntry', () => {
  const rows: readonly [from: Partial<Headers> & { name: string }, to: Partial<Headers> | undefined][] = [
    [{ name: './' }, { name: 'f/' }],
    [{ name: '.' }, { name: 'f/' }],
    [{ name: 'etc/passwd' }, { name: 'f/etc/passwd' }],
    [{ name: '/etc/passwd' }, { name: 'f/etc/passwd' }],
    [{ name: '././a' }, { name: 'f/a' }],
    [{ name: '.hidden' }, { name: 'f/.hidden' }],
    [
      { name: 'hard', type: 'link', linkname: '/a/b' },
      { name: 'f/hard', type: 'link', linkname: 'f/a/b' },
    ],
    [
      { name: 'soft', type: 'symlink', linkname: '../../etc/passwd' },
      { name: 'f/soft', type: 'symlink', linkname: '../../etc/passwd' },
    ],
    [{ name: 'null', type: 'character-device' }, undefined],
    [{ name: 'sda', type: 'block-device' }, undefined],
    [{ name: 'pipe', type: 'fifo' }, undefined],
    [{ name: '.dockerenv' }, undefined],
    [{ name: 'dev/' }, undefined],
    [{ name: 'dev/own' }, { name: 'f/dev/own' }],
  ];
  for (const [from, to] of rows)
    it(`of ${JSON.stringify(from)}`, () => assert.deepEqual(moveEntry(from, 'f', ofEngine), to));
});

describe('moveArchive', () => {
  it('moves all that is in it, with its contents and owners, however long its names are', async () => {
    const long = `${'folder/'.repeat(40)}file`;
    const archive = pack();
    archive.entry({ name: './', type: 'directory', mode: 0o2770, uid: 5, gid: 6 });
    archive.entry({ name: './null', type: 'character-device', devmajor: 1, devminor: 3 });
    archive.entry({ name: './text', uid: 7, mode: 0o640 }, 'hello');
    archive.entry({ name: './empty' }, '');
    archive.entry({ name: './up', type: 'symlink', linkname: '../x' });
    archive.entry({ name: long }, 'long');
    archive.entry({ name: './hard', type: 'link', linkname: long });
    archive.entry({ name: 'größe' }, 'ü');
    archive.finalize();
    const { moved, done } = moveArchive(Readable.from([await buffer(archive)]), 'f');
    const bytes = await buffer(moved);
    await done;
    const found: unknown[] = [];
    const unpacked = extract();
    unpacked.on('entry', ({ name, type, uid, mode, linkname }, content, next) => {
      const read = buffer(content).then((text) => found.push([name, type, uid, mode, linkname ?? '', text.toString()]));
      read.then(() => next(), next);
    });
    await new Promise((resolve) => unpacked.on('finish', resolve).end(bytes));
    assert.deepEqual(found, [
      ['f/', 'directory', 5, 0o2770, '', ''],
      ['f/text', 'file', 7, 0o640, '', 'hello'],
      ['f/empty', 'file', 0, 0o644, '', ''],
      ['f/up', 'symlink', 0, 0o644, '../x', ''],
      [`f/${long}`, 'file', 0, 0o644, '', 'long'],
      ['f/hard', 'link', 0, 0o644, `f/${long}`, ''],
      ['f/größe', 'file', 0, 0o644, '', 'ü'],
    ]);
  });

  it('fails when the archive breaks off', async () => {
    const broken = new Readable({ read: () => broken.destroy(new Error('gone')) });
    const { moved, done } = moveArchive(broken, 'f');
    moved.on('error', () => undefined);
    await assert.rejects(done, /gone/);
  });
});
