/**
 * What the next step is to replace the key of a file of `--encryption-provider-config`. Pure; the file itself says how far
 * it has come, so that it can go on after whatever ended it:
 *
 *   [old] ─ add ─► [old, new] ─ promote ─► [new, old] ─ everything is written again ─ drop ─► [new]
 *
 * Invariant: a key writes only once every server can read it, and goes only when nothing is encrypted with it any more.
 * The new one is the one with the highest number in its name.
 */

import yaml from 'js-yaml';
import { isRecord, type JsonRecord } from '../api/json-record.ts';
import {
  type EncryptionRule,
  isResourceNamed,
  type LocalProvider,
  parseEncryptionConfiguration,
} from '../apiserver/encryption/encryption-configuration.ts';
import { UserError } from '../base/user-error.ts';

export type RotationStep = 'add' | 'promote' | 'drop';

export interface RotationState {
  /** In the order of the file: the first writes. */
  readonly keys: readonly string[];
  readonly provider: LocalProvider;
  /** What lies encrypted with these keys, as rules name it. */
  readonly resources: readonly string[];
  /** What is to be done to the file next. Before a `drop`, everything has to be written again. */
  readonly next: RotationStep;
  /** The key that is to stay. Undefined: it is yet to be made. */
  readonly newKey: string | undefined;
}

const secrets = { group: '', plural: 'secrets' };

/** Throws `UserError` for a file whose key is not to be replaced here. */
export function readRotation(text: string, file: string): RotationState {
  const rule = ruleOf(text, file);
  const [writer] = rule.providers;
  if (writer.type === 'kms') {
    throw new UserError(`${file}: Secrets are encrypted by the KMS provider ${writer.name}: rotate the key there.`);
  }
  if (writer.type === 'identity') {
    throw new UserError(`${file}: Secrets are not encrypted: there is no key to rotate.`);
  }
  const keys = writer.keys.map(({ name }) => name);
  const { resources } = rule;
  const [first = ''] = keys;
  if (keys.length === 1) return { keys, provider: writer.type, resources, next: 'add', newKey: undefined };
  const newKey = keys.reduce((one, other) => (numberOf(other) > numberOf(one) ? other : one), first);
  return { keys, provider: writer.type, resources, next: newKey === first ? 'drop' : 'promote', newKey };
}

/** The configuration after the next step, everything else of it as it was. */
export function applyStep(text: string, { file, secret }: { readonly file: string; readonly secret: string }): object {
  const state = readRotation(text, file);
  const { next, newKey } = state;
  const configuration = yaml.load(text, { schema: yaml.JSON_SCHEMA });
  const keys = keysOf(configuration, ruleIndexOf(text, file), state.provider);
  const isNew = (key: unknown): boolean => isRecord(key) && key.name === newKey;
  if (next === 'add') keys.push({ name: nameAfter(state.keys), secret });
  else if (next === 'promote') keys.splice(0, keys.length, ...keys.filter(isNew), ...keys.filter((key) => !isNew(key)));
  else keys.splice(0, keys.length, ...keys.filter(isNew));
  if (!isRecord(configuration)) throw new Error(`${file} is no configuration any more`);
  return configuration;
}

function ruleOf(text: string, file: string): EncryptionRule {
  const rule = parseEncryptionConfiguration(text, file).rules[ruleIndexOf(text, file)];
  if (rule === undefined) throw new UserError(`${file} says nothing of Secrets: there is no key to rotate.`);
  return rule;
}

const ruleIndexOf = (text: string, file: string): number =>
  parseEncryptionConfiguration(text, file).rules.findIndex(({ resources }) =>
    resources.some((name) => isResourceNamed(name, secrets)),
  );

/** The list in the parsed file, to be changed in place: the parser has made sure of its form. */
function keysOf(configuration: unknown, rule: number, provider: LocalProvider): unknown[] {
  const rules = fieldOf(configuration, 'resources');
  const providers = fieldOf(Array.isArray(rules) ? rules[rule] : undefined, 'providers');
  const keys = fieldOf(fieldOf(Array.isArray(providers) ? providers[0] : undefined, provider), 'keys');
  if (!Array.isArray(keys)) throw new Error('The configuration has no keys');
  return keys;
}

const fieldOf = (value: unknown, name: string): unknown => {
  const record: JsonRecord = isRecord(value) ? value : {};
  return record[name];
};

/** `key7` → 7; names without a number are the oldest. */
const numberOf = (name: string): number => Number(/(\d{1,15})$/.exec(name)?.[1] ?? 0);

const nameAfter = (names: readonly string[]): string => `key${Math.max(...names.map(numberOf)) + 1}`;
