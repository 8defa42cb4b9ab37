/** Prefers nodes that already hold the pod's images, by size, and less for images that only few nodes hold. */

import type { ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodSpecView } from '../pod-info.ts';

const megabyte = 1024 * 1024;
/** Smaller images are not worth crowding a node; beyond the upper limit more makes no difference. */
const smallest = 23 * megabyte;
const largestPerImage = 1000 * megabyte;

export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',
  scope: 'cluster',
  weight: 1,
  prepareScore({ pod: { spec } }, snapshot) {
    const images = imagesOf(spec);
    const held = images
      .map((image) => snapshot.images.get(normalizedName(image)))
      .filter((state) => state !== undefined);
    if (held.length === 0) return undefined;
    const largest = largestPerImage * images.length;
    return {
      score(node: NodeInfo) {
        let sum = 0;
        for (const { sizeBytes, nodes } of held)
          if (nodes.has(node)) sum += Math.trunc(sizeBytes * (nodes.size / snapshot.nodeCount));
        const clamped = Math.min(largest, Math.max(smallest, sum));
        return Math.trunc((100 * (clamped - smallest)) / (largest - smallest));
      },
    };
  },
};

/** Of all containers and of volumes that are images. */
function imagesOf(spec: PodSpecView['spec']): string[] {
  const volumes = spec.volumes ?? [];
  return [
    ...(spec.initContainers ?? []).map(({ image = '' }) => image),
    ...spec.containers.map(({ image = '' }) => image),
    ...volumes.flatMap(({ image }) => (image?.reference === undefined ? [] : [image.reference])),
  ];
}

/** `registry/app` is `registry/app:latest`. */
function normalizedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
