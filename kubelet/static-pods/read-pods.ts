/**
 * From the text of a manifest to pods of this node. The rules for pods are large and are read when the first manifest
 * is: a kubelet without any never needs them.
 */

import { createHash } from 'node:crypto';
import type { Pod } from '../../api/types/core/v1.ts';
import { completePod, type ManifestPlace } from './complete-pod.ts';

/** Rejects with an error whose message says what is wrong with the text. */
export async function readPods(text: string, place: ManifestPlace): Promise<Pod[]> {
  const { readPodManifest } = await import('../../kinds/core/pods/pod-manifest.ts');
  return readPodManifest(text, {
    mayBeList: place.kind === 'http',
    complete: (pod, hash) =>
      completePod(pod, place, (where) => createHash('md5').update(`${hash}${where}`).digest('hex')),
  });
}
