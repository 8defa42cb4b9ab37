/**
 * The keys for service account tokens as they lie in the store, and what rotating them does to the list. Pure.
 *
 * A key goes one way: `next` (believed, so that every API server knows it before it signs) → `signing` → `retired` (its
 * tokens are believed until the last of them has ended) → gone. One signs at any time: the first of the list.
 *
 * The text is PEM, each key with lines before it that say since when. A plain PEM of one key is a list, too.
 */

import type { AccountKeyStep, AccountKeysReport } from '../../../api/account-keys.ts';
import { formatTime } from '../../../api/time.ts';
import { type SigningKey, signingKey } from './public-key.ts';

export interface ListedKey {
  /** PEM. */
  readonly pem: string;
  /** Wall time in milliseconds; absent: it has always been there. */
  readonly addedAt?: number | undefined;
  /** Since when it signs no more. */
  readonly retiredAt?: number | undefined;
}

export interface KeyList {
  /** Not empty; the first one signs. */
  readonly keys: readonly ListedKey[];
  /** The longest life that a token was given, but for those in Secrets; absent: nobody has written it down. */
  readonly longestSeconds?: number | undefined;
}

export type KeyState = AccountKeysReport['keys'][number]['state'];

/** A step that cannot be taken now, and when it can. */
export class KeyStepRefused extends Error {
  override readonly name = 'KeyStepRefused';
}

/** All servers know a key after this time: they read the list every ten seconds, and clocks differ. */
export const settleMs = 15_000;
/** For tokens of which nobody has written down how long they live. */
const presumedSeconds = 365 * 86_400;
/** Another server may sign with a key until it has heard that it is retired; and clocks differ. */
const marginMs = 120_000;

const block = /((?:^[a-z-]+: [^\n]*\n)*)(-----BEGIN [A-Z0-9 ]+-----[\s\S]+?-----END [A-Z0-9 ]+-----)/gm;

/** Throws when there is no key in it. */
export function parseKeyList(text: string): KeyList {
  const found = [...text.matchAll(block)].map(([, lines = '', pem = '']) => ({ pem: `${pem}\n`, ...read(lines) }));
  if (found.length === 0) throw new Error('there is no key for service account tokens in the store’s list of them');
  return { keys: found.map(({ longestSeconds: _, ...key }) => key), longestSeconds: found[0]?.longestSeconds };
}

function read(lines: string) {
  const values = new Map(lines.split('\n').map((line) => [line.split(': ')[0], line.split(': ')[1] ?? ''] as const));
  const timeOf = (name: string) => numberOf(Date.parse(values.get(name) ?? ''));
  return {
    addedAt: timeOf('added'),
    retiredAt: timeOf('retired'),
    longestSeconds: numberOf(Number.parseInt(values.get('longest-token-seconds') ?? '', 10)),
  };
}

const numberOf = (value: number): number | undefined => (Number.isNaN(value) ? undefined : value);

export function formatKeyList({ keys, longestSeconds }: KeyList): string {
  return keys
    .map(({ pem, addedAt, retiredAt }, index) => {
      const lines = [
        ...(index === 0 && longestSeconds !== undefined ? [`longest-token-seconds: ${longestSeconds}`] : []),
        ...(addedAt === undefined ? [] : [`added: ${formatTime(addedAt)}`]),
        ...(retiredAt === undefined ? [] : [`retired: ${formatTime(retiredAt)}`]),
      ];
      return `${lines.map((line) => `${line}\n`).join('')}${pem}`;
    })
    .join('');
}

export const stateOf = ({ keys }: KeyList, key: ListedKey): KeyState => {
  if (key === keys[0]) return 'signing';
  return key.retiredAt === undefined ? 'next' : 'retired';
};

/** When the last of its tokens has ended; those in Secrets live as long as these. */
export function believedUntil(
  { longestSeconds = presumedSeconds }: KeyList,
  { retiredAt }: ListedKey,
): number | undefined {
  return retiredAt === undefined ? undefined : retiredAt + longestSeconds * 1_000 + marginMs;
}

/** The step that is due: what was begun is gone on with. */
export function nextKeyStep(list: KeyList): AccountKeyStep {
  const states = list.keys.map((key) => stateOf(list, key));
  if (states.includes('next')) return 'switch';
  return states.includes('retired') ? 'drop' : 'trust';
}

export interface KeyStepFacts {
  /** Wall time in milliseconds. */
  readonly now: number;
  /** Of a key that is retired: which Secrets have tokens of it. */
  secretsOf(keyId: string): readonly string[];
  /** Drops what somebody may still use. */
  readonly force: boolean;
}

/** The list after the step. Taking a step that was taken already changes nothing. Throws KeyStepRefused. */
export function takeKeyStep(
  list: KeyList,
  step: AccountKeyStep,
  facts: KeyStepFacts & { readonly newKey: string },
): KeyList {
  if (step === 'trust') return trust(list, facts);
  return step === 'switch' ? switchKeys(list, facts) : drop(list, facts);
}

function trust(list: KeyList, { now, newKey }: { readonly now: number; readonly newKey: string }): KeyList {
  if (list.keys.some((key) => stateOf(list, key) === 'next')) return list;
  const [signing, ...retired] = list.keys;
  if (signing === undefined) return list;
  return { ...list, keys: [signing, { pem: newKey, addedAt: now }, ...retired] };
}

function switchKeys(list: KeyList, { now }: { readonly now: number }): KeyList {
  const next = list.keys.find((key) => stateOf(list, key) === 'next');
  const [signing] = list.keys;
  if (next === undefined || signing === undefined)
    throw new KeyStepRefused('there is no next key: take the step trust first');
  const { addedAt = now } = next;
  // A clock that was set back makes nobody wait for years.
  if (now >= addedAt && now < addedAt + settleMs)
    throw new KeyStepRefused(
      `not every API server knows the next key yet: try again after ${formatTime(addedAt + settleMs)}`,
    );
  const others = list.keys.filter((key) => key !== next && key !== signing);
  return { ...list, keys: [next, { ...signing, retiredAt: now }, ...others] };
}

function drop(list: KeyList, facts: KeyStepFacts): KeyList {
  const retired = list.keys.filter((key) => stateOf(list, key) === 'retired');
  for (const key of facts.force ? [] : retired) {
    const why = whyNotDropped(list, key, facts);
    if (why !== undefined) throw new KeyStepRefused(why);
  }
  return { ...list, keys: list.keys.filter((key) => !retired.includes(key)) };
}

function whyNotDropped(list: KeyList, key: ListedKey, { now, secretsOf }: KeyStepFacts): string | undefined {
  const until = believedUntil(list, key) ?? 0;
  if (now < until) return `tokens of the old key may live until ${formatTime(until)}`;
  const held = secretsOf(keyIdOf(key));
  if (held.length === 0) return undefined;
  const named = held.slice(0, 10).join(', ') + (held.length > 10 ? ` and ${held.length - 10} more` : '');
  return `these Secrets have tokens of the old key: ${named}. Remove data.token of each, and it gets another one`;
}

export const keyIdOf = ({ pem }: ListedKey): string => signingKey(pem).keyId;

/** All of them are believed: one that is retired stays in the list until it is dropped. */
export const keysOf = ({ keys }: KeyList): SigningKey[] => keys.map(({ pem }) => signingKey(pem));

/** What there is, without a word of the keys themselves. */
export function reportOf(list: KeyList): AccountKeysReport {
  const timeOf = (name: string, ms: number | undefined) => (ms === undefined ? {} : { [name]: formatTime(ms) });
  return {
    next: nextKeyStep(list),
    keys: list.keys.map((key) => ({
      id: keyIdOf(key),
      state: stateOf(list, key),
      ...timeOf('addedAt', key.addedAt),
      ...timeOf('retiredAt', key.retiredAt),
      ...timeOf('believedUntil', believedUntil(list, key)),
    })),
  };
}
