import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { createAuthority, type KeyPair } from './certificates.ts';
import { type KeyPairFiles, RenewedKeyPair } from './renewed-key-pair.ts';
import { FakeClock } from './testing/fake-clock.ts';

describe('RenewedKeyPair', () => {
  let folder: string;
  let files: KeyPairFiles;
  let clock: FakeClock;
  let first: KeyPair;
  let second: KeyPair;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-renewed-'));
    files = { certificateFile: join(folder, 'x.crt'), keyFile: join(folder, 'x.key') };
    [first, second] = await Promise.all([createAuthority('first'), createAuthority('second')]);
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    clock = new FakeClock();
    await write(first);
  });

  async function write({ certificate, key }: KeyPair): Promise<void> {
    await writeFile(files.keyFile, key);
    await writeFile(files.certificateFile, certificate);
  }

  it('reads files again after a second, and not before', async () => {
    const renewed = new RenewedKeyPair(files, { clock });
    const pair = await renewed.current();
    assert.deepEqual(pair, first);
    await write(second);
    await clock.advance(999);
    assert.equal(await renewed.current(), pair);
    await clock.advance(1);
    assert.deepEqual(await renewed.current(), second);
  });

  it('is the same object while the files say the same', async () => {
    const renewed = new RenewedKeyPair(files, { clock });
    const pair = await renewed.current();
    await clock.advance(1_000);
    assert.equal(await renewed.current(), pair);
  });

  it('goes on with what it has while a renewal is half done, or the files are away', async () => {
    const renewed = new RenewedKeyPair(files, { clock });
    await renewed.current();
    await writeFile(files.keyFile, second.key);
    await clock.advance(1_000);
    assert.deepEqual(await renewed.current(), first);
    await rm(files.certificateFile);
    await clock.advance(1_000);
    assert.deepEqual(await renewed.current(), first);
    await write(second);
    await clock.advance(1_000);
    assert.deepEqual(await renewed.current(), second);
  });

  it('looks at once, whatever was read before, and refuses to begin with nothing', async () => {
    assert.deepEqual(await new RenewedKeyPair(files, { clock, last: second }).current(), first);
    await writeFile(files.keyFile, 'no key');
    await assert.rejects(new RenewedKeyPair(files, { clock }).current(), /x\.crt and .*x\.key are not a certificate/);
    assert.deepEqual(await new RenewedKeyPair(files, { clock, last: second }).current(), second);
  });

  it('waits for the other half of a renewal that is under way when it begins', async () => {
    await writeFile(files.keyFile, second.key);
    const renewed = new RenewedKeyPair(files, { clock }).current();
    await writeFile(files.certificateFile, second.certificate);
    assert.deepEqual(await renewed, second);
  });

  it('leaves a pair that is given as it is', async () => {
    assert.equal(await new RenewedKeyPair(first, { clock }).current(), first);
  });
});
