/** Whether two pod templates are one, and the hash that names the ReplicaSet of a template. Pure. */

import { isRecord } from '../../../api/json-record.ts';
import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

/** On a Deployment's ReplicaSets and their pods: of which template they are. */
export const podTemplateHashLabel = 'pod-template-hash';

type Template = DeepReadonly<PodTemplateSpec>;

/** Maps of names that mean the same whether they are empty or absent. */
const plainMaps = new Set(['labels', 'annotations', 'nodeSelector', 'matchLabels', 'limits', 'requests']);
/** Characters that make no words, as many as upstream's. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

/** Whether both make the same pods; the hash that a ReplicaSet adds to the labels does not count. */
export function sameTemplate(a: Template | undefined, b: Template | undefined): boolean {
  return templateText(a) === templateText(b);
}

/**
 * A name for the template: the same template has the same one. Two that differ may share it; then `collisions`, how
 * often that has happened to this Deployment, makes another one.
 */
export function templateHash(template: Template | undefined, collisions: number | undefined): string {
  const text = `${templateText(template)}${collisions === undefined ? '' : `\0${collisions}`}`;
  return [...String(fnv32(text))].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}

/** A ReplicaSet's template as a Deployment has it. */
export function withoutHash(template: Template): Template {
  const { [podTemplateHashLabel]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** The template with a canonical order of keys, without what is empty and without the hash. */
function templateText({ metadata = {}, ...rest }: Template = {}): string {
  const { [podTemplateHashLabel]: _, ...labels } = metadata.labels ?? {};
  // Upstream's templates always have a creation time that is null.
  const { creationTimestamp: __, ...others } = metadata;
  return JSON.stringify(canonical({ ...rest, metadata: { ...others, labels } }, ''));
}

function canonical(value: unknown, key: string): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((item) => canonical(item, '') ?? null);
  if (!isRecord(value)) return value ?? undefined;
  const entries = Object.entries(value)
    .map(([name, member]) => [name, canonical(member, name)] as const)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => compareText(a, b));
  if (entries.length === 0 && plainMaps.has(key)) return undefined;
  return Object.fromEntries(entries);
}

/** FNV-1a of 32 bits. */
function fnv32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
