/** Replaces the key with which Secrets are encrypted, while the cluster runs. What the steps are is in `key-rotation-plan.ts`. */

import { qualifiedName, type Resource } from '../api/resource.ts';
import { configurationHash } from '../apiserver/encryption/configuration-hash.ts';
import { isResourceNamed } from '../apiserver/encryption/encryption-configuration.ts';
import type { Clock } from '../base/clock.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';
import { discover } from '../client/discovery.ts';
import { newSecret, readEncryptionFile, writeEncryptionFile } from './encryption-file.ts';
import { readEncryptionState } from './encryption-state.ts';
import { lockFile } from './file-lock.ts';
import { applyStep, type RotationState, readRotation } from './key-rotation-plan.ts';
import type { Progress } from './progress.ts';
import { rewriteObjects } from './rewrite-objects.ts';
import { waitUntil } from './wait-until.ts';

export interface RotationServer {
  readonly url: string;
  readonly client: Client;
}

export interface KeyRotationOptions {
  /** Of `--encryption-provider-config`. */
  readonly file: string;
  /** All API servers that there are. */
  readonly servers: readonly [RotationServer, ...RotationServer[]];
  readonly progress: Progress;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** How long the servers may take to read the file as it is before anything is changed. Default 20 s. */
  readonly firstLookMs?: number;
}

const stepTitles = {
  add: 'A new key, which every API server can read',
  promote: 'The new key writes',
  drop: 'The old key is gone',
} as const;

/** Goes on where it was left, whatever ended it. Returns the name of the key that is in force. Throws `UserError`. */
export async function rotateKey(options: KeyRotationOptions): Promise<string> {
  const lock = await lockFile(options.file);
  try {
    return await rotate(options);
  } finally {
    await lock.release();
  }
}

async function rotate(options: KeyRotationOptions): Promise<string> {
  const { file, progress, firstLookMs = 20_000 } = options;
  let text = await readEncryptionFile(file);
  readRotation(text, file);
  await progress.step('API servers use the file', () => untilInForce(text, options, firstLookMs));
  for (;;) {
    const state = readRotation(text, file);
    if (state.next === 'drop') await rewriteEverything(state, options);
    text = await progress.step(stepTitles[state.next], () => takeStep(text, options));
    if (state.next === 'drop') return state.newKey ?? '';
  }
}

/** Returns what the file says then, once that is in force everywhere. */
async function takeStep(before: string, options: KeyRotationOptions): Promise<string> {
  const { file, signal } = options;
  if (signal.aborted) throw new UserError('Stopped. Run the command again: it goes on from here.');
  if ((await readEncryptionFile(file)) !== before) {
    throw new UserError(`${file} was changed by somebody else meanwhile. Look at it, then run the command again.`);
  }
  const after = await writeEncryptionFile(file, applyStep(before, { file, secret: newSecret() }));
  await untilInForce(after, options);
  return after;
}

async function untilInForce(text: string, options: KeyRotationOptions, limitMs = 180_000): Promise<void> {
  const { file, servers, clock, signal, progress } = options;
  const hash = configurationHash(text);
  for (const { url, client } of servers) {
    await waitUntil({
      not: `The API server at ${url} does not use ${file} as it is now`,
      async whyNot() {
        const state = await readEncryptionState(client);
        if (state.hash === hash) return undefined;
        return state.hash === undefined ? 'it encrypts nothing' : 'another file is in force there';
      },
      note: (why) => progress.note(`${url}: ${why}`),
      advice: 'If it runs on another machine, copy the file there. Then run the command again: it goes on from here.',
      ...{ clock, signal, limitMs, everyMs: 100 },
    });
  }
  if (signal.aborted) throw new UserError('Stopped. Run the command again: it goes on from here.');
}

async function rewriteEverything(state: RotationState, options: KeyRotationOptions): Promise<void> {
  const [{ client }] = options.servers;
  for (const resource of await concernedBy(state, client)) {
    const title = `All ${qualifiedName(resource.plural, resource.group)} are encrypted with the new key`;
    await options.progress.step(title, async () => {
      const note = (done: number, all: number) => options.progress.note(`${done} of ${all}`);
      await rewriteObjects(resource, { client, signal: options.signal, note });
    });
  }
  await refuseUnreadable(state, options);
}

/** Each in one version: objects are stored once. */
async function concernedBy({ resources }: RotationState, client: Client): Promise<readonly Resource[]> {
  const { resources: served } = await discover(client);
  const found = new Map<string, Resource>();
  for (const resource of served) {
    const { group, plural, verbs } = resource;
    const isConcerned = resources.some((name) => isResourceNamed(name, { group, plural }));
    const name = qualifiedName(plural, group);
    if (isConcerned && verbs.includes('list') && verbs.includes('update') && !found.has(name))
      found.set(name, resource);
  }
  return [...found.values()];
}

/** They may be encrypted with the old key. */
async function refuseUnreadable({ keys }: RotationState, { servers, file }: KeyRotationOptions): Promise<void> {
  for (const { url, client } of servers) {
    const { unreadable } = await readEncryptionState(client);
    if (unreadable.size === 0) continue;
    const what = [...unreadable].map(([resource, count]) => `${count} of ${resource}`).join(', ');
    throw new UserError(
      `The API server at ${url} cannot read ${what}, which may need an old key: ${keys.slice(1).join(', ')} stays in ` +
        `${file}. See its log for their names, mend or delete them, then run the command again.`,
    );
  }
}
