import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { ImageFolders } from './image-folders.ts';

describe('ImageFolders', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'image-folders-'));
  });
  after(() => rm(root, { recursive: true }));

  const { signal } = new AbortController();
  let copies = 0;
  let isBroken = false;
  const folders = () =>
    new ImageFolders(root, {
      async copyFromImage({ imageId, hostFolder }) {
        copies += 1;
        await writeFile(join(hostFolder, isBroken ? 'half' : 'file'), imageId);
        if (isBroken) throw new Error('the engine is gone');
        return true;
      },
    });

  it('are made once for all pods, also by another kubelet, and whole', async () => {
    isBroken = true;
    await assert.rejects(folders().take('sha256:a', 'pod-1', signal), /the engine is gone/);
    isBroken = false;
    const first = folders();
    const [one, two] = await Promise.all([
      first.take('sha256:a', 'pod-1', signal),
      first.take('sha256:a', 'pod-2', signal),
    ]);
    assert.equal(one, two);
    assert.deepEqual(await readdir(one), ['file']);
    await folders().take('sha256:a', 'pod-3', signal);
    assert.equal(copies, 2);
    await first.take('../../x', 'pod-1', signal);
    assert.deepEqual((await folders().images()).sort(), ['../../x', 'sha256:a']);
  });

  it('go with the last pod', async () => {
    const later = folders();
    await later.release('pod-1');
    assert.deepEqual(await later.images(), ['sha256:a']);
    await later.release('pod-2');
    await later.release('pod-3');
    await later.release('pod-3');
    assert.deepEqual(await readdir(later.root), []);
  });
});
