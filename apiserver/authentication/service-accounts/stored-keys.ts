/**
 * Keys for service account tokens in the store: made by the first API server of the cluster, so that all servers trust
 * all tokens; `key-list.ts` says what the list of them is.
 *
 * Invariants:
 * - Each change is one write of the whole list, over the revision that was read: a server that dies leaves a list as it was
 *   before or after, and of two that change it at once the later one sees what the other did.
 * - A token that lives longer than any before is given out only after its life was written down.
 */

import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { decodeProtectedHeader } from 'jose';
import type { AccountKeyStep, AccountKeysReport } from '../../../api/account-keys.ts';
import { secrets } from '../../../api/resources/core.ts';
import type { Secret } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/logger.ts';
import { UserError } from '../../../base/user-error.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import { KeyExistsError, RevisionConflictError, type Store } from '../../store/store.ts';
import {
  believedUntil,
  formatKeyList,
  type KeyList,
  KeyStepRefused,
  keysOf,
  parseKeyList,
  reportOf,
  takeKeyStep,
} from './key-list.ts';
import type { KeySet } from './rotating-keys.ts';

/** How each encrypted value begins. */
const sealed = Buffer.from('k8s:enc:');

export const storedKeysPath = '/registry/longshore.dev/keys/service-accounts';

export interface StoredKeysParts {
  readonly store: Store;
  readonly objects: ObjectReader;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keys whose tokens have all ended are looked for so often. */
const dropEveryMs = 600_000;

export class StoredKeys {
  readonly #parts: StoredKeysParts;
  #longestSeconds = 0;
  /** Not at the start: Secrets are not known then. */
  #lookedAt: number;

  constructor(parts: StoredKeysParts) {
    this.#parts = parts;
    this.#lookedAt = parts.clock.monotonic();
  }

  /** Reads them, or makes the first one. */
  async read(): Promise<KeySet> {
    const { list } = await this.#load();
    await this.#dropOver(list);
    this.#longestSeconds = list.longestSeconds ?? 0;
    const believed = keysOf(list);
    const [signing] = believed;
    if (signing === undefined) throw new Error('the list of keys for service account tokens is empty');
    return { signing, believed };
  }

  /** To be called before a token of this life is given out. */
  async remember(seconds: number): Promise<void> {
    if (seconds <= this.#longestSeconds) return;
    const list = await this.#change((now) =>
      seconds <= (now.longestSeconds ?? 0) ? now : { ...now, longestSeconds: seconds },
    );
    this.#longestSeconds = list.longestSeconds ?? 0;
  }

  async report(): Promise<AccountKeysReport> {
    return reportOf((await this.#load()).list);
  }

  /** Throws KeyStepRefused. */
  async take(step: AccountKeyStep, force: boolean): Promise<AccountKeysReport> {
    const newKey = step === 'trust' ? await makeKey() : '';
    const tokens = step === 'drop' ? await this.#secretTokens() : [];
    const secretsOf = (keyId: string) => tokens.filter((one) => one.keyId === keyId).map(({ name }) => name);
    const now = this.#parts.clock.now();
    return reportOf(await this.#change((list) => takeKeyStep(list, step, { now, secretsOf, force, newKey })));
  }

  /** Keys whose tokens have all ended. Of those that somebody may still use nothing happens. */
  async #dropOver(list: KeyList): Promise<void> {
    const { clock, logger } = this.#parts;
    const isOver = list.keys.some((key) => (believedUntil(list, key) ?? Number.POSITIVE_INFINITY) < clock.now());
    if (!isOver || clock.monotonic() - this.#lookedAt < dropEveryMs) return;
    this.#lookedAt = clock.monotonic();
    try {
      await this.take('drop', false);
      logger.info('A key for service account tokens is believed no more: all tokens of it have ended');
    } catch (error) {
      if (error instanceof KeyStepRefused)
        logger.info('A retired key for service account tokens stays', { why: errorText(error) });
      else throw error;
    }
  }

  async #load(): Promise<{ readonly list: KeyList; readonly revision: number }> {
    const { store } = this.#parts;
    const known = await store.get(storedKeysPath);
    if (known !== undefined) return { list: parseKeyList(known.value.toString()), revision: known.revision };
    const list: KeyList = { keys: [{ pem: await makeKey() }], longestSeconds: 0 };
    try {
      return { list, revision: await store.create(storedKeysPath, Buffer.from(formatKeyList(list))) };
    } catch (error) {
      if (error instanceof KeyExistsError) return await this.#load();
      throw error;
    }
  }

  async #change(change: (list: KeyList) => KeyList): Promise<KeyList> {
    const { list, revision } = await this.#load();
    const next = change(list);
    if (next === list) return list;
    try {
      await this.#parts.store.update(storedKeysPath, Buffer.from(formatKeyList(next)), revision);
      return next;
    } catch (error) {
      if (error instanceof RevisionConflictError) return await this.#change(change);
      throw error;
    }
  }

  async #secretTokens(): Promise<{ readonly name: string; readonly keyId: string | undefined }[]> {
    const all = await this.#parts.objects.all<Secret>(secrets);
    return all
      .filter(({ type }) => type === 'kubernetes.io/service-account-token')
      .map(({ metadata, data }) => ({
        name: `${metadata.namespace}/${metadata.name}`,
        keyId: keyIdIn(Buffer.from(data?.token ?? '', 'base64').toString()),
      }));
  }
}

/** Throws a UserError when they are encrypted: to be asked before anything is started, by a server that has no key. */
export async function checkNotSealed(store: Pick<Store, 'get'>): Promise<void> {
  const known = await store.get(storedKeysPath);
  if (known === undefined || !known.value.subarray(0, sealed.length).equals(sealed)) return;
  throw new UserError(
    'What this cluster keeps in etcd is encrypted, and this API server has no key: start it with ' +
      '--encryption-provider-config, and a copy of the file that the other API servers use (kubecfg up: encryption.yaml of ' +
      'the data directory where the cluster was made)',
  );
}

function keyIdIn(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined; // whatever it is, it is no token
  }
}

async function makeKey(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}
