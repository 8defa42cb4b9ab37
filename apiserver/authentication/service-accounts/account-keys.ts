/**
 * CONTRACT: the keys for service account tokens: one that signs, several that are believed. They change while the server
 * runs. `rotating-keys.ts` has them, of the store (`stored-keys.ts`) or of files (`key-files.ts`).
 */

import type { SigningKey, VerificationKey } from './public-key.ts';

export interface AccountKeys {
  /** With which a new token is signed. */
  readonly signing: SigningKey;
  /** Those that are believed now. */
  readonly believed: readonly VerificationKey[];
  /**
   * Called for a token of a key that is not among them: another server may have begun to sign with it. Looks again, but
   * not more often than once a second, whoever sends such tokens, and waits no longer than that.
   */
  lookAgain(): Promise<readonly VerificationKey[]>;
}
