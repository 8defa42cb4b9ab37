/**
 * CONTRACT: one way to encrypt a value of the store, with one key: `aes-gcm`, `aes-cbc`, `secret-box`, `identity` and
 * `../kms/` are its implementations, `testing/cipher-conformance.ts` the suite that all of them pass.
 *
 * What is stored is `prefix` and then what `seal` returns; which cipher reads a value is told by how the value begins.
 * Both calls may run concurrently and change nothing. A value is bound to its place: `place` is its key in the store.
 */

export interface Cipher {
  /** `k8s:enc:aesgcm:v1:key1:`, as upstream has it; empty for values that are left as they are. */
  readonly prefix: string;
  /** Never twice the same for one value. Throws `KeyServiceError` when the key is elsewhere and out of reach. */
  seal(plain: Buffer, place: string): Buffer | Promise<Buffer>;
  /** Throws `DecryptionError` for what this key has not sealed, and `KeyServiceError` as above. */
  open(sealed: Buffer, place: string): Opened | Promise<Opened>;
}

export interface Opened {
  readonly plain: Buffer;
  /** It would be sealed otherwise now: the key behind the cipher is another one since. */
  readonly isStale: boolean;
}

/** The value was not sealed with this key, at this place, or was changed since. Says nothing of its contents. */
export class DecryptionError extends Error {
  override readonly name = 'DecryptionError';
}

/** A service that keeps the key did not answer, or refused: the same call may succeed later. */
export class KeyServiceError extends Error {
  override readonly name = 'KeyServiceError';
}
