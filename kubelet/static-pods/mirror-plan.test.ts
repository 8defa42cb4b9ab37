import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mirrorAnnotation } from '../../api/labels.ts';
import type { PodObject } from '../model/pod.ts';
import { completePod, podObjectOf } from './complete-pod.ts';
import { computeMirrorPlan, type MirrorView } from './mirror-plan.ts';

const node = { name: 'node-1', uid: 'node-uid' };

function staticPod(hash = 'h1'): PodObject {
  const pod = { metadata: { name: 'web', uid: hash, labels: { app: 'web' } }, spec: { containers: [] } };
  completePod(pod, { kind: 'file', name: '/m', nodeName: node.name }, () => '');
  return podObjectOf(pod, 'then');
}

function mirror(hash = 'h1', metadata: Partial<PodObject['metadata']> = {}, phase = 'Running'): PodObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: 'web-node-1',
      namespace: 'default',
      uid: 'api-uid',
      resourceVersion: '1',
      creationTimestamp: '',
      annotations: { [mirrorAnnotation]: hash },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node.name, uid: node.uid, controller: true }],
      ...metadata,
    },
    status: { phase },
  };
}

const plan = (view: Partial<MirrorView>): string[] =>
  computeMirrorPlan({ wanted: [], found: [], node, isAtWork: () => false, isOver: () => false, ...view }).map(
    ({ type }) => type,
  );

describe('mirror pods', () => {
  it('are made as a node may make them', () => {
    const [action] = computeMirrorPlan({
      wanted: [staticPod()],
      found: [],
      node,
      isAtWork: () => true,
      isOver: () => false,
    });
    assert.equal(action?.type, 'create');
    assert.deepEqual(action?.type === 'create' && action.metadata, {
      name: 'web-node-1',
      namespace: 'default',
      labels: { app: 'web' },
      annotations: {
        'kubernetes.io/config.hash': 'h1',
        'kubernetes.io/config.source': 'file',
        'kubernetes.io/config.seen': 'then',
        [mirrorAnnotation]: 'h1',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'node-1', uid: 'node-uid', controller: true }],
    });
  });

  const wanted = [staticPod()];
  const cases: readonly (readonly [string, Partial<MirrorView>, readonly string[]])[] = [
    ['stay as they are', { wanted, found: [mirror()] }, []],
    ['go with what they show', { found: [mirror()] }, ['delete']],
    ['stay while it ends', { found: [mirror()], isAtWork: () => true }, []],
    ['go when it is another one', { wanted, found: [mirror('h0')] }, ['delete']],
    ['stay while the one before ends', { wanted, found: [mirror('h0')], isAtWork: (uid) => uid === 'h0' }, []],
    ['go when somebody deletes them', { wanted, found: [mirror('h1', { deletionTimestamp: 'now' })] }, ['delete']],
    ['go when the node is another', { wanted, found: [mirror('h1', { ownerReferences: [] })] }, ['delete']],
    ['go when somebody says they failed', { wanted, found: [mirror('h1', {}, 'Failed')] }, ['delete']],
    ['stay when it did', { wanted, found: [mirror('h1', {}, 'Failed')], isOver: () => true }, []],
    ['cannot be where another pod is', { wanted, found: [mirror('h1', { annotations: {} })] }, ['conflict']],
    ['leave other pods alone', { found: [mirror('h1', { annotations: {} })] }, []],
  ];
  for (const [what, view, expected] of cases) it(what, () => assert.deepEqual(plan(view), expected));
});
