import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Payload, type PayloadFile, writeAtomically } from './atomic-writer.ts';

const now = new Date('2030-01-01T00:00:00Z');
const payloadOf = (files: Readonly<Record<string, string>>): Payload =>
  new Map(Object.entries(files).map(([path, text]) => [path, { content: Buffer.from(text), mode: 0o640 }]));

const oldFiles = { password: 'old', gone: 'old', 'deep/er/file': 'old' };
const newFiles = { password: 'new', added: 'new', 'deep/er/file': 'new', 'deep/other': 'new' };

describe('writeAtomically', () => {
  let target: string;
  beforeEach(async () => {
    target = await fs.mkdtemp(join(tmpdir(), 'atomic-writer-'));
  });
  afterEach(() => fs.rm(target, { recursive: true }));

  const write = (files: Readonly<Record<string, string>>) => writeAtomically(target, payloadOf(files), now);

  /** What readers find, by the names that they use. */
  async function read(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const walk = async (folder: string, prefix: string) => {
      for (const name of await fs.readdir(folder)) {
        if (name.startsWith('..')) continue;
        const path = join(folder, name);
        const stat = await fs.stat(path).catch(() => undefined);
        if (stat?.isDirectory()) await walk(path, `${prefix}${name}/`);
        else if (stat !== undefined) found[prefix + name] = await fs.readFile(path, 'utf8');
      }
    };
    await walk(target, '');
    return found;
  }

  /** The files themselves, a link for each name at the top, and nothing else. */
  async function assertHoldsOnly(files: Readonly<Record<string, string>>): Promise<void> {
    assert.deepEqual(await read(), files);
    const tops = new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''));
    const version = await fs.readlink(join(target, '..data'));
    assert.deepEqual((await fs.readdir(target)).sort(), ['..data', version, ...tops].sort());
  }

  it('replaces all files at once, and says whether it did', async () => {
    assert.equal(await write(oldFiles), true);
    assert.equal(await write(oldFiles), false);
    await assertHoldsOnly(oldFiles);
    assert.equal(await write(newFiles), true);
    await assertHoldsOnly(newFiles);
    assert.equal(await write({}), true);
    await assertHoldsOnly({});
  });

  it('writes again what has another mode or owner', async () => {
    const entry: PayloadFile = { content: Buffer.from('x'), mode: 0o600 };
    await writeAtomically(target, new Map([['a', entry]]), now);
    const changes: readonly PayloadFile[] = [
      { ...entry, mode: 0o644 },
      { ...entry, mode: 0o644, uid: 1000 },
      { ...entry, mode: 0o644, uid: 1000, gid: 7 },
    ];
    for (const changed of changes) {
      assert.equal(await writeAtomically(target, new Map([['a', changed]]), now), true);
      const { mode, uid, gid } = await fs.stat(join(target, 'a'));
      assert.deepEqual([mode & 0o7777, uid, gid], [changed.mode, changed.uid ?? 0, changed.gid ?? 0]);
    }
  });

  it('finishes what a killed writer began, wherever that was', async () => {
    let survived = false;
    for (let steps = 0; !survived; steps += 1) {
      await fs.rm(target, { recursive: true });
      await fs.mkdir(target);
      await write(oldFiles);
      survived = await killedAfter(steps, () => write(newFiles));
      const seen = await read();
      const values = new Set(Object.entries(seen).map(([, text]) => text));
      assert.equal(values.size, 1, `after ${steps} steps readers see a mixture: ${JSON.stringify(seen)}`);
      await write(newFiles);
      await assertHoldsOnly(newFiles);
      assert(steps < 200);
    }
  });

  it('finishes a first version as well', async () => {
    let survived = false;
    for (let steps = 0; !survived; steps += 1) {
      await fs.rm(target, { recursive: true });
      await fs.mkdir(target);
      survived = await killedAfter(steps, () => write(newFiles));
      await write(newFiles);
      await assertHoldsOnly(newFiles);
    }
  });

  it('leaves nothing more each time that it fails', async () => {
    await write(oldFiles);
    for (let tries = 0; tries < 5; tries += 1) await killedAfter(3, () => write(newFiles));
    assert((await fs.readdir(target)).filter((name) => name.startsWith('..2')).length <= 2);
  });

  it('makes way for a name where something else was put', async () => {
    await write(oldFiles);
    await fs.mkdir(join(target, 'added/inside'), { recursive: true }); // as a subPath of a missing key does
    await fs.mkdir(join(target, 'stray'));
    await fs.symlink('/etc/hostname', join(target, 'wrong'));
    await fs.rm(join(target, 'password'));
    await fs.symlink('nowhere', join(target, 'password'));
    await write(newFiles);
    await assertHoldsOnly(newFiles);
    await fs.mkdir(join(target, 'stray'));
    assert.equal(await write(newFiles), false);
    await assertHoldsOnly(newFiles);
  });
});

const killed = new Error('killed');

/**
 * Runs `act` as if its process were killed after so many changes to files; true: it came to its end. What Node does in
 * several system calls is done one by one.
 */
async function killedAfter(steps: number, act: () => Promise<unknown>): Promise<boolean> {
  let left = steps;
  const step = async <T>(change: () => Promise<T>): Promise<T> => {
    if (left === 0) throw killed;
    left -= 1;
    return await change();
  };
  const real = { ...fs };
  const makeFolders = async (path: string): Promise<void> => {
    if (await real.stat(path).catch(() => undefined)) return;
    await makeFolders(dirname(path));
    await step(() => real.mkdir(path));
  };
  const removeTree = async (path: string): Promise<void> => {
    const found = await real.lstat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      for (const name of await real.readdir(path)) await removeTree(join(path, name));
      await step(() => real.rmdir(path));
    } else if (found !== undefined) await step(() => real.unlink(path));
  };
  const slow = {
    mkdir: makeFolders,
    rm: removeTree,
    async writeFile(path: string, content: Buffer) {
      await step(() => real.writeFile(path, ''));
      await step(() => real.writeFile(path, content));
    },
    chmod: (path: string, mode: number) => step(() => real.chmod(path, mode)),
    chown: (path: string, uid: number, gid: number) => step(() => real.chown(path, uid, gid)),
    symlink: (to: string, path: string) => step(() => real.symlink(to, path)),
    rename: (from: string, to: string) => step(() => real.rename(from, to)),
  };
  Object.assign(fs, slow);
  syncBuiltinESMExports();
  try {
    await act();
    return true;
  } catch (error) {
    if (error !== killed) throw error;
    return false;
  } finally {
    Object.assign(fs, real);
    syncBuiltinESMExports();
  }
}
