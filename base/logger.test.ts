import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from './logger.ts';

describe('createLogger', () => {
  for (const before of ['no file', 'a file that all may read'])
    it(`writes to a file that only its owner reads, where there was ${before}`, { timeout: 30_000 }, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'logger-'));
      const file = join(folder, 'test.log');
      if (before !== 'no file') await writeFile(file, 'older\n', { mode: 0o644 });
      createLogger('test', { file }).info('A line');
      while (!(await readFile(file, 'utf8').catch(() => '')).includes('A line')) await delay(5);
      assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.equal((await readFile(file, 'utf8')).startsWith('older\n'), before !== 'no file');
      await rm(folder, { recursive: true });
    });
});
