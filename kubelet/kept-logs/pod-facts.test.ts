import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makePod } from '../testing/make-pod.ts';
import { KnownPodFacts } from './pod-facts.ts';

describe('facts of pods', () => {
  const factsOf = (labels: Record<string, string>) => {
    const pod = makePod({}, { metadata: { ...makePod().metadata, labels } });
    const { namespace = '', name, uid } = pod.metadata;
    return new KnownPodFacts({ get: () => pod, onChange: () => () => undefined }).of({ namespace, name, uid });
  };

  it('have the labels', () => {
    assert.deepEqual(factsOf({ app: 'web' })?.labels, { app: 'web' });
  });

  it('have no more of them than can be remembered of many pods', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`key-${at}`, 'x'.repeat(40)]));
    const { labels = {} } = factsOf({ app: 'web', ...many }) ?? {};
    assert.equal(labels.app, 'web');
    assert.ok(JSON.stringify(labels).length < 8192);
  });
});
