/** Bootstrap tokens in upstream's form: `<id>.<secret>`, and the Secrets of kube-system that hold them. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseTime } from './time.ts';
import type { Secret } from './types/core/v1.ts';

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token';
export const bootstrapTokenNamespace = 'kube-system';
export const defaultBootstrapGroup = 'system:bootstrappers';

const secretNamePrefix = 'bootstrap-token-';
const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;
const idForm = /^[a-z0-9]{6}$/;
const knownUsages = ['authentication', 'signing'] as const;

export interface BootstrapToken {
  readonly id: string;
  readonly secret: string;
  readonly usages: readonly (typeof knownUsages)[number][];
  /** Those of its bearer, the one that every bearer has among them. */
  readonly groups: readonly string[];
  /** Wall time in milliseconds; of a text that is no time: long ago. Absent: never. */
  readonly expiresAt?: number | undefined;
}

export const tokenSecretName = (id: string): string => `${secretNamePrefix}${id}`;

/** undefined: the text is no such token. */
export function parseBootstrapToken(text: string): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = tokenForm.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** What the Secret holds; undefined when it is no bootstrap token, or one that is not as it must be. */
export function readBootstrapToken(secret: DeepReadonly<Secret>): BootstrapToken | undefined {
  const { type, data = {}, metadata } = secret;
  if (type !== bootstrapTokenType) return undefined;
  const text = (key: string): string => decodeText(data[key] ?? '');
  const [id, tokenSecret] = [text('token-id'), text('token-secret')];
  const groups = readGroups(text('auth-extra-groups'));
  if (!idForm.test(id) || metadata?.name !== tokenSecretName(id) || tokenSecret === '' || groups === undefined)
    return undefined;
  return {
    id,
    secret: tokenSecret,
    usages: knownUsages.filter((usage) => text(`usage-bootstrap-${usage}`) === 'true'),
    groups,
    expiresAt: readExpiration(text('expiration')),
  };
}

/** undefined: a group that a bootstrap token gives nobody. */
function readGroups(text: string): readonly string[] | undefined {
  const extra = text === '' ? [] : text.split(',');
  if (!extra.every((group) => groupForm.test(group))) return undefined;
  return [...new Set([defaultBootstrapGroup, ...extra])].sort();
}

/** A time that cannot be read is taken for one that has passed. */
function readExpiration(text: string): number | undefined {
  return text === '' ? undefined : (parseTime(text) ?? 0);
}

function decodeText(base64: string): string {
  try {
    return new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
  } catch {
    return ''; // what is no base64 is no text of ours
  }
}
