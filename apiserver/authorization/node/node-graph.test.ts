import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../../api/object.ts';
import type { PersistentVolume, Pod, PodSpec } from '../../../api/types/core/v1.ts';
import { NodeGraph, type RelatedKind } from './node-graph.ts';

const stored = (name: string, namespace?: string) => ({
  ...{ name, uid: name, resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
  ...(namespace && { namespace }),
});

function pod(name: string, node: string | undefined, spec: Partial<PodSpec> = {}, namespace = 'ns'): Stored<Pod> {
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: stored(name, namespace) },
    spec: { containers: [], ...(node && { nodeName: node }), ...spec },
  };
}

const claim = (claimName: string): Partial<PodSpec> => ({
  volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }],
});
const secret = (secretName: string): Partial<PodSpec> => ({ volumes: [{ name: 'v', secret: { secretName } }] });

function volume(name: string, claimName?: string, secretName?: string): Stored<PersistentVolume> {
  return {
    ...{ apiVersion: 'v1', kind: 'PersistentVolume', metadata: stored(name) },
    spec: {
      ...(claimName && { claimRef: { namespace: 'ns', name: claimName } }),
      csi: {
        ...{ driver: 'd', volumeHandle: 'h' },
        ...(secretName && { nodePublishSecretRef: { namespace: 'other', name: secretName } }),
      },
    },
  };
}

/** `kind namespace/name` that the node needs. */
function needs(graph: NodeGraph, node: string, what: string): boolean {
  const [kind = '', path = ''] = what.split(' ');
  const [namespace = '', name = ''] = path.includes('/') ? path.split('/') : ['', path];
  return graph.isRelated(node, kind as RelatedKind, namespace, name);
}

describe('the graph of nodes and objects', () => {
  function check(graph: NodeGraph, node: string, expected: Readonly<Record<string, boolean>>): void {
    const found = Object.fromEntries(Object.keys(expected).map((what) => [what, needs(graph, node, what)]));
    assert.deepEqual(found, expected, node);
  }

  it('gives a node what its pods name, and no other node', () => {
    const graph = new NodeGraph();
    graph.setPod(pod('p', 'a', { ...secret('s'), serviceAccountName: 'robot', imagePullSecrets: [{ name: 'pull' }] }));
    graph.setPod(pod('q', 'b', { ...secret('t'), serviceAccountName: 'robot' }));
    graph.setPod(pod('unbound', undefined, secret('u')));
    check(graph, 'a', {
      ...{ 'pods ns/p': true, 'pods ns/q': false, 'pods ns/unbound': false, 'pods other/p': false },
      ...{ 'secrets ns/s': true, 'secrets ns/pull': true, 'secrets ns/t': false, 'secrets ns/u': false },
      ...{ 'secrets other/s': false, 'configmaps ns/s': false, 'serviceaccounts ns/robot': true },
      ...{ 'serviceaccounts ns/default': false, 'secrets ns/': false },
    });
    check(graph, 'b', { 'secrets ns/s': false, 'secrets ns/t': true, 'serviceaccounts ns/robot': true });
    check(graph, '', { 'pods ns/unbound': false, 'secrets ns/u': false });
  });

  it('takes away what the last pod of a node leaves', () => {
    const graph = new NodeGraph();
    for (const name of ['p', 'q']) graph.setPod(pod(name, 'a', secret('s')));
    graph.removePod({ namespace: 'ns', name: 'p' });
    check(graph, 'a', { 'secrets ns/s': true });
    graph.removePod({ namespace: 'ns', name: 'q' });
    graph.removePod({ namespace: 'ns', name: 'q' });
    check(graph, 'a', { 'secrets ns/s': false, 'pods ns/q': false });
    assert.deepEqual(graph.stats, { pods: 0, objects: 0, volumes: 0 });
  });

  it('follows a pod of the same name to another node, and what is added to it', () => {
    const graph = new NodeGraph();
    graph.setPod(pod('p', 'a', secret('s')));
    graph.setPod(pod('p', 'a', secret('s')));
    graph.setPod(pod('p', 'b', secret('s')));
    check(graph, 'a', { 'secrets ns/s': false, 'pods ns/p': false });
    check(graph, 'b', { 'secrets ns/s': true });
    const debug = { name: 'e', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 't', key: 'k' } } }] };
    graph.setPod(pod('p', 'b', { ...secret('s'), ephemeralContainers: [debug] }));
    check(graph, 'b', { 'secrets ns/s': true, 'secrets ns/t': true });
    graph.setPod(pod('p', undefined));
    assert.deepEqual(graph.stats, { pods: 0, objects: 0, volumes: 0 });
  });

  it('gives nothing for mirror pods', () => {
    const graph = new NodeGraph();
    const mirror = pod('m', 'a', { ...secret('s'), serviceAccountName: 'robot' });
    graph.setPod({ ...mirror, metadata: { ...mirror.metadata, annotations: { 'kubernetes.io/config.mirror': '' } } });
    check(graph, 'a', { 'pods ns/m': true, 'secrets ns/s': false, 'serviceaccounts ns/robot': false });
  });

  it('knows in which namespaces a node has pods, mirror pods aside', () => {
    const graph = new NodeGraph();
    graph.setPod(pod('p', 'a'));
    graph.setPod(pod('q', 'a', {}, 'team'));
    graph.setPod(pod('r', 'b', {}, 'shop'));
    const mirror = pod('m', 'a', {}, 'kube-system');
    graph.setPod({ ...mirror, metadata: { ...mirror.metadata, annotations: { 'kubernetes.io/config.mirror': '' } } });
    assert.deepEqual(graph.namespacesOf('a'), ['ns', 'team']);
    graph.removePod({ namespace: 'ns', name: 'p' });
    assert.deepEqual(graph.namespacesOf('a'), ['team']);
    assert.deepEqual(graph.namespacesOf('c'), []);
  });

  it('reaches through claims to volumes and their secrets, in whatever order they come', () => {
    const graph = new NodeGraph();
    graph.setVolume(volume('pv', 'c', 's'));
    check(graph, 'a', { 'persistentvolumes pv': false, 'secrets other/s': false });
    graph.setPod(pod('p', 'a', claim('c')));
    const all = { 'persistentvolumeclaims ns/c': true, 'persistentvolumes pv': true, 'secrets other/s': true };
    check(graph, 'a', { ...all, 'persistentvolumes none': false, 'secrets ns/s': false });
    check(graph, 'b', {
      'persistentvolumeclaims ns/c': false,
      'persistentvolumes pv': false,
      'secrets other/s': false,
    });
    graph.setVolume(volume('pv', 'c', 't'));
    check(graph, 'a', { 'secrets other/s': false, 'secrets other/t': true });
    graph.setVolume(volume('second', 'c', 't'));
    graph.setVolume(volume('pv'));
    check(graph, 'a', { 'persistentvolumes pv': false, 'secrets other/t': true });
    graph.removeVolume({ name: 'second' });
    graph.removeVolume({ name: 'second' });
    check(graph, 'a', { 'persistentvolumes second': false, 'secrets other/t': false });
    assert.equal(graph.stats.volumes, 0);
  });

  it('knows whose attachments and slices are', () => {
    const graph = new NodeGraph();
    for (const kind of ['volumeattachments', 'resourceslices'] as const) {
      graph.setOwner(kind, 'x', 'a');
      check(graph, 'a', { [`${kind} x`]: true, [`${kind} y`]: false });
      graph.setOwner(kind, 'x', 'b');
      check(graph, 'a', { [`${kind} x`]: false });
      graph.setOwner(kind, 'x', undefined);
      check(graph, 'b', { [`${kind} x`]: false });
    }
  });

  it('leaves nothing behind of ten thousand pods', () => {
    const graph = new NodeGraph();
    const accounts = { serviceAccountName: 'default', ...secret('s') };
    const count = 10_000;
    for (let i = 0; i < count; i += 1) graph.setPod(pod(`p${i}`, `node-${i % 500}`, accounts, `ns-${i % 100}`));
    assert.deepEqual(graph.stats, { pods: count, objects: 200, volumes: 0 });
    for (let i = 0; i < count; i += 1) graph.removePod({ namespace: `ns-${i % 100}`, name: `p${i}` });
    assert.deepEqual(graph.stats, { pods: 0, objects: 0, volumes: 0 });
  });
});
