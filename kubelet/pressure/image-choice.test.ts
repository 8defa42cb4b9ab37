import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ImageFacts, isNamed, orderUnusedImages, unneededSince } from './image-choice.ts';

function facts(
  id: string,
  rest: Partial<ImageFacts> & { readonly pinned?: boolean; readonly createdAt?: number } = {},
) {
  const { pinned = false, createdAt = 0, ...more } = rest;
  const image = { id, names: [`${id}:1`], sizeBytes: 1, createdAt, pinned };
  return { image, detectedAt: 0, lastUsedAt: undefined, isNeeded: false, ...more };
}
const idsOf = (images: readonly ImageFacts[]) => images.map(({ image }) => image.id);

describe('orderUnusedImages', () => {
  it('begins with what nobody ever needed, then goes by the last use, then by when they came', () => {
    const images = [
      facts('recent', { lastUsedAt: 900, detectedAt: 1 }),
      facts('old', { lastUsedAt: 100, detectedAt: 3 }),
      facts('never-new', { detectedAt: 50, createdAt: 9 }),
      facts('never-old', { detectedAt: 50, createdAt: 3 }),
      facts('never-first', { detectedAt: 10 }),
    ];
    assert.deepEqual(idsOf(orderUnusedImages(images, 1000)), [
      'never-first',
      'never-old',
      'never-new',
      'old',
      'recent',
    ]);
  });

  it('leaves what is needed, pinned, or too young', () => {
    const images = [
      facts('needed', { isNeeded: true }),
      facts('infra', { pinned: true }),
      facts('young', { detectedAt: 501 }),
      facts('unused', { detectedAt: 500 }),
    ];
    assert.deepEqual(idsOf(orderUnusedImages(images, 500)), ['unused']);
  });
});

it('finds what nobody has needed for long', () => {
  const images = [
    facts('used', { lastUsedAt: 500 }),
    facts('unused', { lastUsedAt: 400 }),
    facts('came', { detectedAt: 450 }),
  ];
  assert.deepEqual(idsOf(unneededSince(images, 450)), ['unused']);
});

it('finds an image by its tags, digests and id', () => {
  const image = { id: 'sha256:1', names: ['app:1', 'app@sha256:9'] };
  const found = ['app:1', 'app@sha256:9', 'sha256:1', 'app:2'].map((name) => isNamed(image, new Set([name])));
  assert.deepEqual(found, [true, true, true, false]);
});
