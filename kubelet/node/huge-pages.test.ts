import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readHugePages } from './huge-pages.ts';

describe('readHugePages', () => {
  it('reads how many there are of each size', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'huge-pages-'));
    try {
      for (const [name, count] of [
        ['hugepages-64kB', '0'],
        ['hugepages-2048kB', '3'],
        ['hugepages-1048576kB', '1'],
      ] as const) {
        await mkdir(join(folder, name));
        await writeFile(join(folder, name, 'nr_hugepages'), `${count}\n`);
      }
      await mkdir(join(folder, 'else'));
      assert.deepEqual(
        readHugePages(folder).sort((a, b) => a.totalBytes - b.totalBytes),
        [
          { size: '64Ki', totalBytes: 0 },
          { size: '2Mi', totalBytes: 3 * 2 ** 21 },
          { size: '1Gi', totalBytes: 2 ** 30 },
        ],
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('finds none on a kernel without them', () => assert.deepEqual(readHugePages('/nowhere'), []));
});
