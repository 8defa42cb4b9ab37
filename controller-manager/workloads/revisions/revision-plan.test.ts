import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../../api/object.ts';
import { controllerRevisions } from '../../../api/resources/apps.ts';
import type { ControllerRevision } from '../../../api/types/apps/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { computeRevisionHash } from './revision-hash.ts';
import { planRevision, planTruncation, revisionDataOf, sortRevisions, templateOfRevision } from './revision-plan.ts';

const templateOf = (image: string) => ({ spec: { containers: [{ name: 'c', image }] } });
const revisionOf = (revision: number, image: string): Stored<ControllerRevision> =>
  storedObject(controllerRevisions, { metadata: { name: image }, revision, data: revisionDataOf(templateOf(image)) });
const namesOf = (revisions: readonly { readonly metadata: { readonly name: string } }[]) =>
  revisions.map(({ metadata }) => metadata.name);

describe('revisions', () => {
  const [a, b, c] = [revisionOf(1, 'a'), revisionOf(2, 'b'), revisionOf(3, 'c')];

  it('a template of its own gets the next number', () => {
    assert.deepEqual(planRevision([], revisionDataOf(templateOf('a'))), { type: 'create', number: 1 });
    assert.deepEqual(planRevision([a, b], revisionDataOf(templateOf('c'))), { type: 'create', number: 3 });
  });

  it('a template that was there before makes its revision the newest again', () => {
    assert.deepEqual(planRevision([a, b], revisionDataOf(templateOf('b'))), { type: 'keep', revision: b });
    assert.deepEqual(planRevision([a, b, c], revisionDataOf(templateOf('a'))), {
      type: 'renumber',
      revision: a,
      number: 4,
    });
  });

  it('are sorted by number, then by age, then by name', () => {
    const younger = revisionOf(2, 'younger');
    younger.metadata.creationTimestamp = '2030-01-02T00:00:00Z';
    assert.deepEqual(namesOf(sortRevisions([c, younger, revisionOf(2, 'ba'), b, a])), ['a', 'b', 'ba', 'younger', 'c']);
  });

  it('the oldest that nobody uses go; a negative limit keeps all', () => {
    const none = () => false;
    const isLive = (revision: { readonly metadata: { readonly name: string } }) => revision.metadata.name === 'a';
    assert.deepEqual(namesOf(planTruncation([a, b, c], { limit: 1, isLive: none })), ['a', 'b']);
    assert.deepEqual(namesOf(planTruncation([a, b, c], { limit: 0, isLive })), ['b', 'c']);
    assert.deepEqual(namesOf(planTruncation([a, b, c], { limit: 2, isLive })), []);
    assert.deepEqual(namesOf(planTruncation([a, b, c], { limit: 2, isLive, liveCounts: true })), ['b']);
    assert.deepEqual(namesOf(planTruncation([a, b, c], { limit: -1, isLive: none })), []);
  });

  it('give back their template; one that holds something else has none', () => {
    assert.deepEqual(templateOfRevision(a), templateOf('a'));
    for (const data of [undefined, {}, { spec: 7 }, { spec: { template: [] } }, { spec: { template: {} } }]) {
      assert.equal(templateOfRevision({ ...a, data }), undefined);
    }
  });

  it('hashes say what is in them, whatever its order, and change with each collision', () => {
    const hash = computeRevisionHash({ x: 1, y: { a: 1, b: 2 } }, 0);
    assert.equal(computeRevisionHash({ y: { b: 2, a: 1 }, x: 1 }, 0), hash);
    assert.notEqual(computeRevisionHash({ x: 1, y: { a: 1, b: 3 } }, 0), hash);
    assert.notEqual(computeRevisionHash({ x: 1, y: { a: 1, b: 2 } }, 1), hash);
    assert.match(hash, /^[bcdfghjklmnpqrstvwxz2456789]{1,10}$/);
  });
});
