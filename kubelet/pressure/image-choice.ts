/** Which images may go, and which go first. Pure. */

import { shortNameOf } from '../images/short-name.ts';
import type { ImageState } from '../runtime/runtime.ts';

export interface ImageFacts {
  readonly image: ImageState;
  /** Monotonic milliseconds. */
  readonly detectedAt: number;
  /** When something was last seen that needs it; undefined: never. */
  readonly lastUsedAt: number | undefined;
  /** A container is made of it, or a pod that may run here names it. */
  readonly isNeeded: boolean;
}

/** Those that may go, the one that nobody needed for longest first. */
export function orderUnusedImages(images: readonly ImageFacts[], oldest: number): ImageFacts[] {
  return images
    .filter(({ image, isNeeded, detectedAt }) => !image.pinned && !isNeeded && detectedAt <= oldest)
    .sort((a, b) => usedAt(a) - usedAt(b) || a.detectedAt - b.detectedAt || a.image.createdAt - b.image.createdAt);
}

/** Subtracting infinities would give no order. */
const usedAt = ({ lastUsedAt }: ImageFacts): number => lastUsedAt ?? Number.MIN_SAFE_INTEGER;

/** Of those that may go: what nobody has needed since then. */
export const unneededSince = (images: readonly ImageFacts[], since: number): ImageFacts[] =>
  images.filter(({ lastUsedAt, detectedAt }) => (lastUsedAt ?? detectedAt) < since);

/** `images` that some of these names, as users write them, mean. */
export function isNamed(image: Pick<ImageState, 'id' | 'names'>, names: ReadonlySet<string>): boolean {
  return [image.id, ...image.names].some((name) => names.has(shortNameOf(name)));
}
