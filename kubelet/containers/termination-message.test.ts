import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ContainerRunState, LogOptions } from '../runtime/runtime.ts';
import { exited, makeContainer, makePod, running } from '../testing/make-pod.ts';
import { containerAnnotations } from './container-config.ts';
import { readTerminationMessage } from './termination-message.ts';

describe('readTerminationMessage', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'termination-message-'));
  });
  after(() => rm(folder, { recursive: true }));

  interface Case {
    readonly file?: string;
    readonly status?: ContainerRunState;
    readonly fallsBack?: boolean;
    readonly log?: string;
  }

  async function read({ file, status = exited(1), fallsBack = false, log = '' }: Case): Promise<string> {
    const annotations = {
      ...(file !== undefined && { [containerAnnotations.terminationMessage]: join(folder, file) }),
      [containerAnnotations.logFallback]: String(fallsBack),
    };
    const runtime = {
      async *logs(_id: string, { tailLines, follow }: LogOptions) {
        assert.deepEqual([tailLines, follow], [80, false]);
        if (log === 'gone') throw new Error('no such container');
        yield Buffer.from(log);
      },
    };
    return await readTerminationMessage(makeContainer(makePod(), status, { annotations }), runtime);
  }

  it('reads what the container wrote, the end of it when it is long', async () => {
    await writeFile(join(folder, 'short'), 'out of luck');
    await writeFile(join(folder, 'long'), `${'x'.repeat(5000)}end`);
    assert.equal(await read({ file: 'short' }), 'out of luck');
    const long = await read({ file: 'long' });
    assert.deepEqual([long.length, long.slice(-3)], [4096, 'end']);
  });

  it('has none of a container that runs, that wrote nothing, or whose folder is gone', async () => {
    await writeFile(join(folder, 'empty'), '');
    assert.equal(await read({ file: 'short', status: running }), '');
    assert.equal(await read({ file: 'empty', log: 'log' }), '');
    assert.equal(await read({ file: 'none', log: 'log' }), '');
    assert.equal(await read({ log: 'log' }), '');
  });

  it('falls back to the log where it may, when the container failed and wrote nothing', async () => {
    const log = `${'y'.repeat(3000)}end`;
    const shown = await read({ file: 'empty', fallsBack: true, log });
    assert.deepEqual([shown.length, shown.slice(-3)], [2048, 'end']);
    assert.equal(await read({ file: 'short', fallsBack: true, log }), 'out of luck');
    assert.equal(await read({ file: 'empty', fallsBack: true, status: exited(0), log }), '');
    assert.equal(await read({ file: 'empty', fallsBack: true, log: 'gone' }), '');
  });

  it('is no way to other files of the node, and waits for nothing', async () => {
    await symlink('/etc/hostname', join(folder, 'link'));
    assert.equal(await read({ file: 'link' }), '');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    assert.equal(await read({ file: 'pipe' }), '');
  });
});
