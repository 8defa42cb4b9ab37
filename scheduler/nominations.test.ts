import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Nominations } from './nominations.ts';
import type { PodInfo } from './pod-info.ts';
import { podOf } from './testing/pictures.ts';

describe('Nominations', () => {
  let nominations: Nominations;
  const namesOf = (pods: readonly PodInfo[]) => pods.map(({ pod }) => pod.metadata.name);
  const pod = (name: string, priority: number) => podOf(name, { priority });

  beforeEach(() => {
    nominations = new Nominations();
    for (const [name, priority] of [
      ['low', 1],
      ['equal', 5],
      ['high', 9],
    ] as const)
      nominations.set(pod(name, priority), 'n1');
    nominations.set(pod('elsewhere', 9), 'n2');
  });

  it('name those that are at least as important as a pod, itself left out', () => {
    assert.deepEqual(namesOf(nominations.rivalsOn('n1', pod('p', 5))), ['equal', 'high']);
    assert.deepEqual(namesOf(nominations.rivalsOn('n1', pod('high', 9))), []);
    assert.deepEqual(namesOf(nominations.rivalsOn('n3', pod('p', 5))), []);
  });

  it('name those that are less important', () => {
    assert.deepEqual(namesOf(nominations.lessImportantOn('n1', 5)), ['low']);
    assert.deepEqual(namesOf(nominations.lessImportantOn('n3', 5)), []);
  });

  it('are for one node at a time, and end', () => {
    nominations.set(pod('high', 9), 'n2');
    assert.equal(nominations.nodeOf('default/high'), 'n2');
    assert.deepEqual(namesOf(nominations.rivalsOn('n1', pod('p', 9))), []);
    nominations.delete('default/high');
    nominations.delete('default/never there');
    assert.equal(nominations.nodeOf('default/high'), undefined);
    assert.deepEqual(namesOf(nominations.rivalsOn('n2', pod('p', 9))), ['elsewhere']);
  });
});
