/**
 * CONTRACT: the keys for service account tokens: one that signs, several that are believed. They change while the server
 * runs. `stored-keys.ts` keeps them in the store, `key-files.ts` reads them from files.
 */

import type { SigningKey, VerificationKey } from './public-key.ts';

export interface AccountKeys {
  /** With which a new token is signed. */
  signing(): Promise<SigningKey>;
  /** Those that are believed now. */
  believed(): Promise<readonly VerificationKey[]>;
  /**
   * Called for a token of a key that is not among them: another server may have begun to sign with it. Looks again, but
   * not more often than once a second, whoever sends such tokens.
   */
  lookAgain(): Promise<readonly VerificationKey[]>;
}
