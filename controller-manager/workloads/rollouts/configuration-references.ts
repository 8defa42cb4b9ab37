/** What of ConfigMaps and Secrets a pod template reads, and whether it has changed. Pure. */

import { createHmac } from 'node:crypto';
import { isRecord, sortedJson } from '../../../api/json-record.ts';
import type { Container, PodSpec, Volume } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

export interface ConfigurationReference {
  readonly kind: 'configmap' | 'secret';
  readonly name: string;
  /** The one key that is read; absent: all of them. */
  readonly key?: string;
  /** The pod runs without it too. */
  readonly optional: boolean;
}

interface Named {
  readonly name?: string | undefined;
  readonly optional?: boolean | undefined;
  readonly key?: string | undefined;
  readonly items?: readonly { readonly key: string }[] | undefined;
}

/** Names what was read in what is kept of it: `configmap/app`, `secret/db#password`. */
export const nameOf = ({ kind, name, key }: ConfigurationReference): string =>
  `${kind}/${name}${key === undefined ? '' : `#${key}`}`;

/** Each once, in order of their names. */
export function configurationReferences(spec: DeepReadonly<PodSpec> | undefined): ConfigurationReference[] {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
  const all = [...containers.flatMap(ofContainer), ...(spec?.volumes ?? []).flatMap(ofVolume)];
  const byName = new Map(all.map((reference) => [nameOf(reference), reference]));
  // What one place cannot do without is not optional.
  for (const reference of all) if (!reference.optional) byName.set(nameOf(reference), reference);
  return [...byName.values()].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

function ofContainer({ env = [], envFrom = [] }: DeepReadonly<Container>): ConfigurationReference[] {
  return [
    ...env.flatMap(({ valueFrom }) => [
      ...references('configmap', valueFrom?.configMapKeyRef),
      ...references('secret', valueFrom?.secretKeyRef),
    ]),
    ...envFrom.flatMap(({ configMapRef, secretRef }) => [
      ...references('configmap', configMapRef),
      ...references('secret', secretRef),
    ]),
  ];
}

function ofVolume({ configMap, secret, projected }: DeepReadonly<Volume>): ConfigurationReference[] {
  return [
    ...references('configmap', configMap),
    ...references('secret', secret && { ...secret, name: secret.secretName }),
    ...(projected?.sources ?? []).flatMap((source) => [
      ...references('configmap', source.configMap),
      ...references('secret', source.secret),
    ]),
  ];
}

function references(kind: 'configmap' | 'secret', named: DeepReadonly<Named> | undefined): ConfigurationReference[] {
  const { name = '', optional = false, key, items = [] } = named ?? {};
  if (name === '') return [];
  const keys = key === undefined ? items.map((item) => item.key) : [key];
  return keys.length === 0 ? [{ kind, name, optional }] : keys.map((one) => ({ kind, name, optional, key: one }));
}

/** What a ConfigMap or Secret holds. */
export interface Contents {
  readonly metadata?: { readonly uid?: string };
  readonly data?: Readonly<Record<string, string>> | undefined;
  readonly binaryData?: Readonly<Record<string, string>> | undefined;
}

/**
 * By the name of each reference, a hash of what it reads. It lies where people see it who may not read Secrets, and could
 * try passwords against it: that of a Secret is keyed with its uid, which nobody knows who cannot read the Secret itself.
 */
export type Fingerprints = Readonly<Record<string, string>>;

/** Undefined while something is missing that the pods cannot do without: they could not start. */
export function fingerprintsOf(
  wanted: readonly ConfigurationReference[],
  find: (reference: ConfigurationReference) => Contents | undefined,
): Fingerprints | undefined {
  const prints: Record<string, string> = {};
  for (const reference of wanted) {
    const contents = find(reference);
    if (contents === undefined && !reference.optional) return undefined;
    const key = reference.kind === 'secret' ? (contents?.metadata?.uid ?? '') : '';
    prints[nameOf(reference)] = hash(partOf(contents, reference.key), key);
  }
  return prints;
}

function partOf(contents: Contents | undefined, key: string | undefined): unknown {
  if (contents === undefined) return null;
  const { data = {}, binaryData = {} } = contents;
  if (key === undefined) return { data, binaryData };
  return data[key] ?? binaryData[key] ?? null;
}

const hash = (value: unknown, key: string): string =>
  createHmac('sha256', key)
    .update(JSON.stringify(sortedJson(value)))
    .digest('hex')
    .slice(0, 12);

/** What was kept of an earlier look; undefined when nothing was, or not by us. */
export function parseFingerprints(text: string | undefined): Fingerprints | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value)) return undefined;
    return Object.fromEntries(Object.entries(value).map(([name, print]) => [name, String(print)]));
  } catch {
    return undefined;
  }
}

/** What both looks know and differ in. What is referred to since is no change: the template has changed then. */
export function changedSince(seen: Fingerprints, now: Fingerprints): string[] {
  return Object.keys(now).filter((name) => seen[name] !== undefined && seen[name] !== now[name]);
}
