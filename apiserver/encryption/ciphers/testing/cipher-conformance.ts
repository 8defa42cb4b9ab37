/** The suite that every cipher passes which encrypts. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { type Cipher, DecryptionError } from '../cipher.ts';

export interface CipherUnderTest {
  readonly name: string;
  /** With the same key each time. */
  make(): Cipher | Promise<Cipher>;
  makeWithOtherKey?(): Cipher | Promise<Cipher>;
  /** A value that was changed, or lies elsewhere, is noticed. */
  readonly isAuthenticated: boolean;
  readonly bindsPlace: boolean;
}

const place = '/registry/core/secrets/default/web';

export function testCipherConformance({ name, make, makeWithOtherKey, ...promises }: CipherUnderTest): void {
  describe(`${name} keeps the cipher contract`, () => {
    for (const length of [0, 1, 15, 16, 17, 1_000, 100_000]) {
      it(`brings back ${length} bytes, also in another process`, async () => {
        const plain = randomBytes(length);
        const sealed = await (await make()).seal(plain, place);
        const opened = await (await make()).open(sealed, place);
        assert.deepEqual(opened, { plain, isStale: false });
      });
    }

    it('shows nothing of the value, and never the same twice', async () => {
      const cipher = await make();
      const plain = Buffer.from('a very secret value that is long enough to be found');
      const [one, other] = [await cipher.seal(plain, place), await cipher.seal(plain, place)];
      assert.notDeepEqual(one, other);
      for (const text of ['secret', 'value', plain.toString('base64').slice(4, 20)]) assert.ok(!one.includes(text));
    });

    it('leaves its input as it was', async () => {
      const plain = Buffer.from('value');
      const cipher = await make();
      const sealed = await cipher.seal(plain, place);
      assert.equal(plain.toString(), 'value');
      const copy = Buffer.from(sealed);
      await cipher.open(sealed, place);
      assert.deepEqual(sealed, copy);
    });

    for (const length of [0, 1, 12, 16, 27, 28, 31]) {
      it(`refuses ${length} bytes of nothing`, () => refuses(make(), Buffer.alloc(length), place));
    }

    it('refuses random bytes', () => refuses(make(), randomBytes(201), place));

    if (makeWithOtherKey !== undefined) {
      it('refuses what another key has sealed', async () => {
        // Without authentication one in 256 passes by chance: of eight, one is noticed.
        const attempts = await Promise.allSettled(
          Array.from({ length: 8 }, async () => {
            const sealed = await (await makeWithOtherKey()).seal(Buffer.from('value'), place);
            await refuses(make(), sealed, place);
          }),
        );
        assert.ok(attempts.some(({ status }) => status === 'fulfilled'));
        if (promises.isAuthenticated) assert.ok(attempts.every(({ status }) => status === 'fulfilled'));
      });
    }

    if (promises.isAuthenticated) {
      it('refuses a value in which one bit was changed, wherever that is', async () => {
        const sealed = await (await make()).seal(Buffer.from('value'), place);
        for (let at = 0; at < sealed.length; at += 1) {
          const changed = Buffer.from(sealed);
          changed[at] = (changed[at] ?? 0) ^ 1;
          await refuses(make(), changed, place);
        }
      });
    }

    if (promises.bindsPlace) {
      it('refuses a value that was moved to another place', async () => {
        const sealed = await (await make()).seal(Buffer.from('value'), place);
        await refuses(make(), sealed, '/registry/core/secrets/default/other');
      });
    }
  });
}

async function refuses(cipher: Cipher | Promise<Cipher>, sealed: Buffer, at: string): Promise<void> {
  const made = await cipher;
  await assert.rejects(async () => await made.open(sealed, at), DecryptionError);
}
