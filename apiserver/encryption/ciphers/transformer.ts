/** The ciphers of a resource: the first one writes, the one whose prefix a value has reads it. */

import { type Cipher, DecryptionError, type Opened } from './cipher.ts';

export class Transformer {
  readonly #readers: readonly { readonly cipher: Cipher; readonly prefix: Buffer }[];
  readonly #writer: Cipher;
  readonly #writerPrefix: Buffer;

  /** At least one. */
  constructor(ciphers: readonly [Cipher, ...Cipher[]]) {
    this.#readers = ciphers.map((cipher) => ({ cipher, prefix: Buffer.from(cipher.prefix) }));
    this.#writer = ciphers[0];
    this.#writerPrefix = Buffer.from(ciphers[0].prefix);
  }

  /** Of the values that are written. */
  get prefix(): string {
    return this.#writer.prefix;
  }

  seal(plain: Buffer, place: string): Buffer | Promise<Buffer> {
    const prefix = this.#writerPrefix;
    if (prefix.length === 0) return this.#writer.seal(plain, place);
    const sealed = this.#writer.seal(plain, place);
    return sealed instanceof Promise
      ? sealed.then((bytes) => Buffer.concat([prefix, bytes]))
      : Buffer.concat([prefix, sealed]);
  }

  open(value: Buffer, place: string): Opened | Promise<Opened> {
    let failure: unknown;
    for (const { cipher, prefix } of this.#readers) {
      if (!value.subarray(0, prefix.length).equals(prefix)) continue;
      // A name may stand for two keys of two providers: the next one is tried.
      try {
        const opened = cipher.open(value.subarray(prefix.length), place);
        return opened instanceof Promise ? opened.then((one) => this.#judge(one, cipher)) : this.#judge(opened, cipher);
      } catch (error) {
        if (!(error instanceof DecryptionError)) throw error;
        // That a value is encrypted says less than why its own key did not open it.
        if (cipher.prefix !== '' || failure === undefined) failure = error;
      }
    }
    throw failure ?? new DecryptionError('no matching prefix found');
  }

  #judge({ plain, isStale }: Opened, cipher: Cipher): Opened {
    return { plain, isStale: isStale || cipher !== this.#writer };
  }
}
