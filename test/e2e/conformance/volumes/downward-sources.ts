/** Volumes of what a pod knows of itself. */

import type { Json } from '../../../conformance/api-user.ts';

export type DownwardVolume = (items: readonly Json[], defaultMode?: number) => Json;

const mode = (defaultMode?: number): Json => (defaultMode === undefined ? {} : { defaultMode });

export const downward: DownwardVolume = (items, defaultMode) => ({ downwardAPI: { items, ...mode(defaultMode) } });
export const projected: DownwardVolume = (items, defaultMode) => ({
  projected: { sources: [{ downwardAPI: { items } }], ...mode(defaultMode) },
});

/** One file. */
export const field = (path: string, fieldPath: string, more: Json = {}): Json => ({
  path,
  fieldRef: { fieldPath },
  ...more,
});

/** Of the volume `podinfo`. */
export const volumeMounts = [{ name: 'podinfo', mountPath: '/etc/podinfo' }];
