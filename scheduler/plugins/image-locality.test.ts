import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodSpec } from '../../api/types/core/v1.ts';
import { nodeOf, podOf, scoresBy, snapshotOf } from '../testing/pictures.ts';
import { imageLocality } from './image-locality.ts';

const mb = 1024 * 1024;
const using = (...images: string[]): Partial<PodSpec> => ({
  containers: images.map((image, i) => ({ name: `c${i}`, image })),
});

describe('ImageLocality', () => {
  it('scores the bytes that are there, scaled by the share of nodes that have them', () => {
    // Half of 1000 MB counts: (500 − 23) / (1000 − 23) of 100.
    const snapshot = snapshotOf([nodeOf('has', { images: { 'app:1': 1000 * mb } }), nodeOf('lacks')]);
    assert.deepEqual(scoresBy(imageLocality, podOf('p', using('app:1')), snapshot), { has: 48, lacks: 0 });
  });

  it('is 100 at most, and 0 for what is too small to matter', () => {
    const snapshot = snapshotOf([nodeOf('n', { images: { 'huge:1': 9000 * mb, 'tiny:1': 20 * mb } })]);
    assert.deepEqual(scoresBy(imageLocality, podOf('p', using('huge:1')), snapshot), { n: 100 });
    assert.deepEqual(scoresBy(imageLocality, podOf('p', using('tiny:1')), snapshot), { n: 0 });
  });

  it('takes all images together, up to 1000 MB for each', () => {
    // (1000 − 23) / (2000 − 23) of 100.
    const snapshot = snapshotOf([nodeOf('n', { images: { 'a:1': 600 * mb, 'b:1': 400 * mb } })]);
    assert.deepEqual(scoresBy(imageLocality, podOf('p', using('a:1', 'b:1')), snapshot), { n: 49 });
  });

  it('counts images of init containers and of volumes', () => {
    const snapshot = snapshotOf([nodeOf('n', { images: { 'init:1': 1000 * mb, 'data:1': 1000 * mb } })]);
    const pod = podOf('p', {
      ...using('app:1'),
      initContainers: [{ name: 'i', image: 'init:1' }],
      volumes: [{ name: 'v', image: { reference: 'data:1' } }],
    });
    // (2000 − 23) / (3000 − 23) of 100.
    assert.deepEqual(scoresBy(imageLocality, pod, snapshot), { n: 66 });
  });

  it('reads a name without a tag as :latest, also behind a registry with a port', () => {
    const snapshot = snapshotOf([nodeOf('n', { images: { 'registry:5000/app:latest': 1000 * mb } })]);
    assert.deepEqual(scoresBy(imageLocality, podOf('p', using('registry:5000/app')), snapshot), { n: 100 });
  });

  it('has nothing to say when no node has an image of the pod', () => {
    const snapshot = snapshotOf([nodeOf('n', { images: { 'other:1': 1000 * mb } })]);
    assert.equal(scoresBy(imageLocality, podOf('p', using('app:1')), snapshot), undefined);
  });

  it('forgets images that a node removed, and those of nodes that went', () => {
    const snapshot = snapshotOf([nodeOf('n', { images: { 'app:1': 1000 * mb } }), nodeOf('m')]);
    snapshot.setNode({ ...nodeOf('n'), metadata: { ...nodeOf('n').metadata, resourceVersion: '2' } });
    assert.equal(scoresBy(imageLocality, podOf('p', using('app:1')), snapshot), undefined);
    snapshot.setNode(nodeOf('m', { images: { 'app:1': 1000 * mb } }));
    snapshot.removeNode('m');
    assert.equal(snapshot.images.get('app:1'), undefined);
  });
});
