import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { readKeyFiles } from './key-files.ts';
import { verificationKey } from './public-key.ts';
import { RotatingKeys } from './rotating-keys.ts';

const makeKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  return {
    id: verificationKey(publicKey).keyId,
    secret: privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
    open: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};

describe('keys of files', () => {
  const [a, b] = [makeKey(), makeKey()];
  const clock = new FakeClock();
  const stopping = new AbortController();
  let folder: string;
  let keys: RotatingKeys;
  let following: Promise<void>;
  const file = (name: string) => join(folder, name);
  const read = () => readKeyFiles({ signingKeyFile: file('signing'), keyFiles: [file('believed')] });
  const state = () => [keys.signing.keyId, keys.believed.map(({ keyId }) => keyId)];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-keys-'));
    await writeFile(file('signing'), a.secret);
    await writeFile(file('believed'), a.open);
    keys = await RotatingKeys.open({ read, clock, logger: silentLogger });
    following = keys.follow(stopping.signal);
  });
  after(async () => {
    stopping.abort();
    await following;
    await rm(folder, { recursive: true });
  });

  /** The file is read while time stands still. */
  async function later(): Promise<void> {
    await clock.advance(10_000);
    while (clock.sleeping === 0) await new Promise(setImmediate);
  }

  it('are one that signs, and those that are believed', () => assert.deepEqual(state(), [a.id, [a.id]]));

  it('change one after the other: first the new one is believed, then it signs, then the old one is let go', async () => {
    await writeFile(file('believed'), `${a.open}some words between them\n${b.secret}`);
    await later();
    assert.deepEqual(state(), [a.id, [a.id, b.id]]);
    await writeFile(file('signing'), b.secret);
    await later();
    assert.deepEqual(state(), [b.id, [a.id, b.id]]);
    await writeFile(file('believed'), b.open);
    await later();
    assert.deepEqual(state(), [b.id, [b.id]]);
  });

  it('stay as they are when a file cannot be used', async () => {
    await writeFile(file('believed'), 'no key');
    await later();
    await writeFile(file('believed'), a.open.slice(0, 60));
    await later();
    assert.deepEqual(state(), [b.id, [b.id]]);
    await assert.rejects(read(), /the key file \S+believed cannot be used: data does not contain any valid/);
  });

  it('are looked at again for a key that nobody knows, not more than once a second', async () => {
    await writeFile(file('believed'), a.open);
    assert.deepEqual(
      (await keys.lookAgain()).map(({ keyId }) => keyId),
      [b.id],
      'they were read a moment ago',
    );
    await clock.advance(1_000);
    assert.deepEqual(
      (await keys.lookAgain()).map(({ keyId }) => keyId),
      [a.id],
    );
  });
});

describe('keys of a store that does not answer', () => {
  it('are those before, and a look at them ends', async () => {
    const { secret, open, id } = makeKey();
    const folder = await mkdtemp(join(tmpdir(), 'longshore-keys-'));
    await writeFile(join(folder, 'key'), secret + open);
    const first = await readKeyFiles({ signingKeyFile: join(folder, 'key'), keyFiles: [] });
    await rm(folder, { recursive: true });
    const clock = new FakeClock();
    let reads = 0;
    const read = () => {
      reads += 1;
      return reads === 1 ? Promise.resolve(first) : new Promise<never>(() => undefined);
    };
    const keys = await RotatingKeys.open({ read, clock, logger: silentLogger });
    await clock.advance(1_000);
    const looks = [keys.lookAgain(), keys.lookAgain()];
    await clock.advance(1_000);
    for (const look of looks)
      assert.deepEqual(
        (await look).map(({ keyId }) => keyId),
        [id],
      );
    assert.equal(reads, 2);
  });
});
