/** What files a configMap, secret, downwardAPI or projected volume holds. */

import { isNotFound } from '../../api/status-error.ts';
import type { Container, KeyToPath, Pod, VolumeProjection } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { errorText } from '../../base/error-text.ts';
import type { PodObject } from '../model/pod.ts';
import { type FieldContext, readField, readResourceField } from '../references/field-refs.ts';
import type { ReferencedData } from '../references/referenced-data.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';

/** Tokens of service accounts, from the API server's token requests. */
export interface TokenSource {
  token(pod: PodObject, request: { readonly audience?: string; readonly expirationSeconds: number }): Promise<string>;
}

export interface PayloadInput {
  readonly pod: PodObject;
  readonly data: Pick<ReferencedData, 'configMap' | 'secret'>;
  readonly tokens: TokenSource;
  readonly fields: FieldContext;
}

/** One source of files, and the mode of those that have none of their own. */
export interface Projection {
  readonly source: DeepReadonly<VolumeProjection>;
  readonly mode: number;
}

export const defaultFileMode = 0o644;

/** Throws an Error with a message for users when a part is missing. */
export async function computePayload(projections: readonly Projection[], input: PayloadInput): Promise<Payload> {
  const payload = new Map<string, PayloadFile>();
  const missing: string[] = [];
  for (const { source, mode } of projections) {
    try {
      await addSource(payload, source, mode, input);
    } catch (error) {
      missing.push(errorText(error));
    }
  }
  if (missing.length > 0) throw new Error(missing.length === 1 ? missing[0] : `[${missing.join(', ')}]`);
  return withGroup(payload, input.pod);
}

async function addSource(
  payload: Map<string, PayloadFile>,
  { configMap, secret, downwardAPI, serviceAccountToken }: DeepReadonly<VolumeProjection>,
  mode: number,
  input: PayloadInput,
): Promise<void> {
  const namespace = input.pod.metadata.namespace ?? '';
  if (configMap) {
    const { name = '', items, optional = false } = configMap;
    const what = { kind: 'configmap', name, namespace, optional };
    addItems(payload, await readData(what, () => input.data.configMap(namespace, name)), { items, mode, ...what });
  }
  if (secret) {
    const { name = '', items, optional = false } = secret;
    const what = { kind: 'secret', name, namespace, optional };
    addItems(payload, await readData(what, () => input.data.secret(namespace, name)), { items, mode, ...what });
  }
  for (const { path, fieldRef, resourceFieldRef, mode: own } of downwardAPI?.items ?? []) {
    const text = fieldRef
      ? readField(input.pod, fieldRef, input.fields)
      : resourceFieldRef && readResourceField(input.pod, undefined, resourceFieldRef, input.fields);
    payload.set(path, { content: Buffer.from(text ?? ''), mode: own ?? mode });
  }
  if (serviceAccountToken) {
    const { path, audience, expirationSeconds = 3600 } = serviceAccountToken;
    const token = await input.tokens.token(input.pod, { ...(audience && { audience }), expirationSeconds });
    payload.set(path, { content: Buffer.from(token), ...tokenOwner(input.pod) });
  }
}

interface DataReference {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly optional: boolean;
}

async function readData(
  { kind, name, optional }: DataReference,
  read: () => Promise<ReadonlyMap<string, Buffer>>,
): Promise<ReadonlyMap<string, Buffer>> {
  try {
    return await read();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    if (optional) return new Map();
    throw new Error(`${kind} "${name}" not found`);
  }
}

interface ItemOptions extends DataReference {
  readonly items: readonly DeepReadonly<KeyToPath>[] | undefined;
  readonly mode: number;
}

function addItems(
  payload: Map<string, PayloadFile>,
  data: ReadonlyMap<string, Buffer>,
  { items, mode, optional }: ItemOptions,
): void {
  if (items === undefined || items.length === 0) {
    for (const [key, content] of data) payload.set(key, { content, mode });
    return;
  }
  for (const { key, path, mode: own } of items) {
    const content = data.get(key);
    if (content !== undefined) payload.set(path, { content, mode: own ?? mode });
    else if (!optional) throw new Error(`references non-existent config key: ${key}`);
  }
}

/** With an fsGroup everything belongs to that group, which may read it. */
function withGroup(payload: Payload, { spec }: PodObject): Payload {
  const gid = spec?.securityContext?.fsGroup;
  if (gid === undefined) return payload;
  const groupReads = (mode: number) => mode | (((mode & 0o700) >> 3) & 0o050) | 0o040;
  return new Map([...payload].map(([path, file]) => [path, { ...file, gid, mode: groupReads(file.mode) }]));
}

/** A token is for one user only, when all containers are that user. */
function tokenOwner({ spec }: DeepReadonly<Pod>): Pick<PayloadFile, 'mode' | 'uid'> {
  if (spec?.securityContext?.fsGroup !== undefined) return { mode: 0o600 };
  const all: readonly DeepReadonly<Container>[] = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const users = new Set(
    all.map(({ securityContext }) => securityContext?.runAsUser ?? spec?.securityContext?.runAsUser),
  );
  const [uid] = users;
  return users.size === 1 && uid !== undefined ? { mode: 0o600, uid } : { mode: 0o644 };
}
