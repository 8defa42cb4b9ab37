/** PATCH bodies: which language a patch is written in, and the change that it makes. */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import { notFound } from '../../api/status-error.ts';
import type { Change } from '../registry/registry.ts';
import type { Target } from './target.ts';

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const mediaTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export const patchTypeOf = (contentType: string): PatchType | undefined =>
  mediaTypes[contentType.split(';', 1)[0]?.trim() ?? ''];

export function computePatch(_type: PatchType, bytes: Buffer, target: Target): Change {
  const patch = JSON.parse(bytes.toString());
  return (previous) => {
    if (previous === undefined) throw notFound(target.kind, target.name);
    return merge(previous, patch) as Stored & KubernetesObject;
  };
}

function merge(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}
