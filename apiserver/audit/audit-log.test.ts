import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { AuditLog } from './audit-log.ts';

describe('AuditLog', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-log-'));
  });
  after(() => rm(folder, { recursive: true }));

  const time = { at: Date.parse('2030-01-01T00:00:00Z') };
  const logIn = (name: string, rest: Partial<ConstructorParameters<typeof AuditLog>[0]> = {}) =>
    new AuditLog({
      path: join(folder, name, 'audit.log'),
      maxBytes: 10,
      maxBackups: 2,
      maxAgeDays: 0,
      clock: { now: () => time.at },
      ...rest,
    });

  it('puts a full file aside, keeps so many, and goes on in the one that is there', async () => {
    const log = logIn('rotated');
    for (const text of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc', 'dddddddd']) {
      await log.write([text]);
      time.at += 1_000;
    }
    await log.close();
    assert.deepEqual((await readdir(join(folder, 'rotated'))).sort(), [
      'audit-2030-01-01T00-00-02.000.log',
      'audit-2030-01-01T00-00-03.000.log',
      'audit.log',
    ]);
    const again = logIn('rotated', { maxBytes: 100 });
    await again.write(['e']);
    await again.close();
    assert.equal(await readFile(join(folder, 'rotated', 'audit.log'), 'utf8'), 'dddddddd\ne\n');
    assert.equal((await stat(join(folder, 'rotated', 'audit.log'))).mode & 0o777, 0o600);
  });

  it('removes what is too old, and nothing that is not its own', async () => {
    const log = logIn('aged', { maxBackups: 0, maxAgeDays: 1 });
    await log.write(['aaaaaaaa']);
    await writeFile(join(folder, 'aged', 'audit-notes.log'), 'mine');
    await log.write(['bbbbbbbb']);
    time.at += 2 * 86_400_000;
    await log.write(['cccccccc']);
    await log.close();
    assert.deepEqual(
      (await readdir(join(folder, 'aged'))).filter((name) => !name.includes('T')),
      ['audit-notes.log', 'audit.log'],
    );
    assert.equal((await readdir(join(folder, 'aged'))).length, 3);
  });

  it('begins a line of its own behind half a one', async () => {
    const log = logIn('cut', { maxBytes: 0 });
    await log.write(['a']);
    await log.close();
    await appendFile(join(folder, 'cut', 'audit.log'), 'half');
    await log.write(['b']);
    await log.close();
    assert.equal(await readFile(join(folder, 'cut', 'audit.log'), 'utf8'), 'a\nhalf\nb\n');
  });

  it('says why it cannot write, and writes once it can', async () => {
    const path = join(folder, 'blocked');
    await writeFile(path, 'a file where a folder should be');
    const log = logIn('blocked');
    await assert.rejects(log.write(['a']));
    await rm(path);
    await log.write(['a']);
    await log.close();
    assert.equal(await readFile(join(path, 'audit.log'), 'utf8'), 'a\n');
  });
});
