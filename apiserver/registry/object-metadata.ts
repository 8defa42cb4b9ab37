/** What the server itself writes into `metadata`: at creation, and what an update may not change. */

import { randomUUID } from 'node:crypto';
import { equalJson } from '../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { formatTime } from '../../api/time.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { compareKeys } from '../../base/compare.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { randomSuffix, randomSuffixLength } from '../../base/random-suffix.ts';
import type { GenerationStrategy, Kind } from '../../kinds/kind.ts';
import { isSemanticallyEqual } from '../../machinery/schema/semantic-equality.ts';

/** Metadata as the server may write it: clients cannot set the system's fields, the server does. */
export type WritableMetadata = { -readonly [Name in keyof ObjectMeta]: ObjectMeta[Name] };

export function metadataOf(object: KubernetesObject): WritableMetadata {
  object.metadata ??= {};
  return object.metadata;
}

const longestGeneratedName = 63;

export function generateName(base: string): string {
  return `${base.slice(0, longestGeneratedName - randomSuffixLength)}${randomSuffix()}`;
}

/** Metadata as the server completes it at creation; `object.metadata` is changed in place. */
export function fillNewMetadata(
  strategy: GenerationStrategy<KubernetesObject>,
  object: KubernetesObject,
  now: number,
): void {
  const metadata = metadataOf(object);
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  metadata.creationTimestamp = formatTime(now);
  metadata.uid = randomUUID();
  if (strategy.generationOf) metadata.generation = 1;
  if (metadata.generateName && !metadata.name) metadata.name = generateName(metadata.generateName);
}

/** Brings back what an update may not touch, and counts the generation. */
export function keepMetadata(next: KubernetesObject, previous: DeepReadonly<Stored>): void {
  const metadata = metadataOf(next);
  const before = previous.metadata;
  metadata.creationTimestamp = before.creationTimestamp;
  if (!metadata.uid) metadata.uid = before.uid;
  if (before.deletionTimestamp !== undefined) metadata.deletionTimestamp = before.deletionTimestamp;
  if (before.deletionGracePeriodSeconds !== undefined)
    metadata.deletionGracePeriodSeconds ??= before.deletionGracePeriodSeconds;
  if (before.generation === undefined) delete metadata.generation;
  else metadata.generation = before.generation;
}

/** What has to be known of a kind to count its generations. */
type CountedKind = { readonly strategy: GenerationStrategy<KubernetesObject> } & Pick<Kind, 'schema'>;

/** Whether what the generation counts has changed. */
export function isCounted(kind: CountedKind, next: KubernetesObject, previous: DeepReadonly<Stored>): boolean {
  const { generationOf, countsEmptyLists } = kind.strategy;
  if (generationOf === undefined) return false;
  const [now, before] = [generationOf(next), generationOf(previous as Stored)];
  if (equalJson(now, before)) return false;
  return countsEmptyLists === true || !isSemanticallyEqual(kind.schema, now, before);
}

/** After everything else has had its say: one more generation if what is counted has changed. */
export function countGeneration(
  kind: CountedKind,
  next: KubernetesObject,
  previous: DeepReadonly<Stored>,
  isKnownToChange = false,
): void {
  if (!isKnownToChange && !isCounted(kind, next, previous)) return;
  metadataOf(next).generation = (previous.metadata.generation ?? 0) + 1;
}

/** An owner that is named twice in the same words counts once. Whoever does that is told. */
export function dropRepeatedOwners(object: KubernetesObject, warn: (text: string) => void): void {
  const owners = object.metadata?.ownerReferences ?? [];
  if (owners.length < 2) return;
  const repeated = new Set<string>();
  const seen = new Set<string>();
  const kept = owners.filter((owner) => {
    const text = JSON.stringify(Object.entries(owner).sort(compareKeys));
    const isNew = !seen.has(text);
    seen.add(text);
    if (!isNew) repeated.add(owner.uid);
    return isNew;
  });
  if (repeated.size === 0) return;
  metadataOf(object).ownerReferences = kept;
  warn(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${[...repeated].join(', ')}`,
  );
}

/** What upstream's store does not keep: a dry run, which ends before it, still shows it. */
export function dropUnstored(object: KubernetesObject): void {
  delete metadataOf(object).selfLink;
}
