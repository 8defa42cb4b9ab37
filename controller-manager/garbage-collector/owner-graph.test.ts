import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { allVerbs, type Resource, type Verb } from '../../api/resource.ts';
import { deployments, replicaSets } from '../../api/resources/apps.ts';
import { configMaps, namespaces, pods } from '../../api/resources/core.ts';
import type { ObjectMeta, OwnerReference } from '../../api/types/meta/v1.ts';
import type { KnownResource } from '../../client/discovery.ts';
import type { Cached } from '../../client/object-cache.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { isCollectable, noteChange } from './graph-changes.ts';
import { groupOf, OwnerGraph } from './owner-graph.ts';

const going = '2030-01-01T00:00:00Z';
const waiting: ObjectMeta = { deletionTimestamp: going, finalizers: ['foregroundDeletion'] };

function object(resource: Resource, name: string, owners: readonly OwnerReference[] = [], metadata: ObjectMeta = {}) {
  return storedObject<KubernetesObject>(resource, {
    metadata: { ...metadata, name, ...(owners.length > 0 && { ownerReferences: [...owners] }) },
  });
}
const to = (name: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  name,
  uid: name,
  ...more,
});

describe('OwnerGraph', () => {
  let graph: OwnerGraph;
  const dependents = (uid: string) => graph.dependentsOf(uid).map(({ object: { metadata } }) => metadata.name);

  beforeEach(() => {
    graph = new OwnerGraph();
  });

  it('knows dependents, also of owners that it does not know', () => {
    graph.set(pods, object(pods, 'a', [to('rs')]));
    graph.set(pods, object(pods, 'b', [to('rs'), to('other')]));
    assert.deepEqual(dependents('rs'), ['a', 'b']);
    assert.deepEqual(dependents('other'), ['b']);
    assert.deepEqual(dependents('nobody'), []);
  });

  it('follows references that change, and objects that go', () => {
    graph.set(pods, object(pods, 'a', [to('rs')]));
    graph.set(pods, object(pods, 'a', [to('other')]));
    assert.deepEqual([dependents('rs'), dependents('other')], [[], ['a']]);
    graph.delete('a');
    assert.deepEqual(dependents('other'), []);
    assert.equal(graph.get('a'), undefined);
  });

  it('forgets all objects of a resource that is served no more, and says whom they owned', () => {
    graph.set(replicaSets, object(replicaSets, 'rs'));
    graph.set(pods, object(pods, 'a', [to('rs')]));
    assert.deepEqual(graph.forget(replicaSets), ['a']);
    assert.equal(graph.get('rs'), undefined);
    assert.notEqual(graph.get('a'), undefined);
  });

  describe('resolves a reference', () => {
    const cases: readonly (readonly [
      title: string,
      reference: OwnerReference,
      namespace: string | undefined,
      found: boolean,
    ])[] = [
      ['right in everything', to('rs'), 'default', true],
      ['to another version of the kind', to('rs', { apiVersion: 'apps/v1beta1' }), 'default', true],
      ['to the name in another group', to('rs', { apiVersion: 'example.com/v1' }), 'default', false],
      ['of another kind', to('rs', { kind: 'Deployment' }), 'default', false],
      ['with the wrong name', to('rs', { name: 'other' }), 'default', false],
      ['with the wrong uid', to('rs', { uid: 'other' }), 'default', false],
      ['from another namespace', to('rs'), 'other', false],
      ['from an object without a namespace', to('rs'), undefined, false],
      ['to a cluster-scoped owner from anywhere', to('ns', { apiVersion: 'v1', kind: 'Namespace' }), 'other', true],
      ['to one from an object without a namespace', to('ns', { apiVersion: 'v1', kind: 'Namespace' }), undefined, true],
    ];
    for (const [title, reference, namespace, found] of cases)
      it(title, () => {
        graph.set(replicaSets, object(replicaSets, 'rs'));
        graph.set(namespaces, object(namespaces, 'ns'));
        assert.equal(graph.resolve(reference, namespace) !== undefined, found);
      });
  });

  it('tells the group of an apiVersion', () => {
    assert.deepEqual([groupOf('apps/v1'), groupOf('v1')], ['apps', '']);
  });
});

describe('a change makes the collector look', () => {
  let graph: OwnerGraph;
  const added = (resource: Resource, next: Cached<KubernetesObject>) =>
    noteChange(graph, resource, { type: 'added', next });
  const updated = (resource: Resource, previous: Cached<KubernetesObject>, next: Cached<KubernetesObject>) => {
    graph.set(resource, previous);
    return noteChange(graph, resource, { type: 'updated', previous, next });
  };

  beforeEach(() => {
    graph = new OwnerGraph();
    graph.set(replicaSets, object(replicaSets, 'rs'));
    graph.set(replicaSets, object(replicaSets, 'waiting', [], waiting));
  });

  it('at a new object whose owner is not there, or waits for it', () => {
    assert.deepEqual(added(pods, object(pods, 'a', [to('gone')])), ['a']);
    assert.deepEqual(added(pods, object(pods, 'b', [to('waiting')])), ['b']);
    assert.deepEqual(added(pods, object(pods, 'c', [to('rs'), to('gone')])), ['c']);
  });

  it('at no object whose owners are as it says, or that has none', () => {
    assert.deepEqual(added(pods, object(pods, 'a', [to('rs')])), []);
    assert.deepEqual(added(pods, object(pods, 'b')), []);
  });

  it('at an object whose references changed, not at every change', () => {
    const owned = object(pods, 'a', [to('gone')]);
    assert.deepEqual(updated(pods, owned, { ...owned, metadata: { ...owned.metadata, labels: { a: 'b' } } }), []);
    assert.deepEqual(updated(pods, object(pods, 'a'), owned), ['a']);
  });

  it('at an object that begins to wait for its dependents, or to let them go', () => {
    const deleted = object(deployments, 'd', [], waiting);
    assert.deepEqual(updated(deployments, object(deployments, 'd'), deleted), ['d']);
    const orphaning = object(deployments, 'e', [], { deletionTimestamp: going, finalizers: ['orphan'] });
    assert.deepEqual(updated(deployments, object(deployments, 'e'), orphaning), ['e']);
    const held = object(deployments, 'f', [], { deletionTimestamp: going, finalizers: ['example.com/other'] });
    assert.deepEqual(updated(deployments, object(deployments, 'f'), held), []);
  });

  it('at the dependents of an object that is gone, and at the owners that waited for it', () => {
    graph.set(pods, object(pods, 'a', [to('rs')]));
    assert.deepEqual(noteChange(graph, replicaSets, { type: 'deleted', previous: object(replicaSets, 'rs') }), ['a']);
    const last = object(pods, 'b', [to('waiting'), to('rs')]);
    graph.set(pods, last);
    assert.deepEqual(noteChange(graph, pods, { type: 'deleted', previous: last }), ['waiting']);
  });

  it('at an owner that waited for an object which let go of it', () => {
    assert.deepEqual(updated(pods, object(pods, 'a', [to('waiting')]), object(pods, 'a')), ['waiting']);
    const blocking = object(pods, 'b', [to('waiting', { blockOwnerDeletion: true })]);
    const free = object(pods, 'b', [to('waiting', { blockOwnerDeletion: false })]);
    assert.deepEqual(updated(pods, blocking, free), ['b', 'waiting']);
  });
});

describe('collectable resources', () => {
  const known = (changes: Partial<KnownResource>): KnownResource => ({
    ...configMaps,
    singular: 'configmap',
    shortNames: [],
    categories: [],
    subresources: [],
    verbs: allVerbs,
    preferred: true,
    ...changes,
  });
  const without = (verb: Verb) => allVerbs.filter((other) => other !== verb);
  const cases: readonly (readonly [title: string, changes: Partial<KnownResource>, collectable: boolean])[] = [
    ['those that can be listed, watched and deleted', {}, true],
    ['not in each of their versions', { preferred: false }, false],
    ['not without list', { verbs: without('list') }, false],
    ['not without watch', { verbs: without('watch') }, false],
    ['not without delete', { verbs: without('delete') }, false],
    ['no events', { plural: 'events' }, false],
    ['of neither group', { plural: 'events', group: 'events.k8s.io' }, false],
    ['but a resource that is only called so', { plural: 'events', group: 'example.com' }, true],
  ];
  for (const [title, changes, collectable] of cases)
    it(title, () => assert.equal(isCollectable(known(changes)), collectable));
});
