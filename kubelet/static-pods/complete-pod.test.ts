import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../api/types/core/v1.ts';
import { completePod, type ManifestPlace, podObjectOf } from './complete-pod.ts';

const place: ManifestPlace = { kind: 'file', name: '/etc/m/web.yaml', nodeName: 'Node-1' };
const complete = (pod: Pod, where: ManifestPlace = place): Pod => {
  completePod(pod, where, (text) => `uid of ${text}`);
  return pod;
};
const web = (): Pod => ({ metadata: { name: 'web' }, spec: { containers: [{ name: 'c' }] } });

describe('the pod of a manifest', () => {
  it('becomes one of this node', () => {
    const uid = 'uid of host:Node-1file:/etc/m/web.yaml';
    assert.deepEqual(complete(web()), {
      metadata: {
        name: 'web-node-1',
        namespace: 'default',
        uid,
        annotations: { 'kubernetes.io/config.hash': uid, 'kubernetes.io/config.source': 'file' },
      },
      spec: {
        containers: [{ name: 'c' }],
        nodeName: 'Node-1',
        tolerations: [{ operator: 'Exists', effect: 'NoExecute' }],
      },
    });
  });

  it('tolerates trouble of the node once', () => {
    const pod = web();
    pod.spec = { containers: [], tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] };
    assert.equal(complete(pod).spec?.tolerations?.length, 1);
  });

  it('of a URL has no such toleration, and another uid', () => {
    const pod = complete(web(), { ...place, kind: 'http', name: 'http://h/p' });
    assert.equal(pod.spec?.tolerations, undefined);
    assert.equal(pod.metadata?.uid, 'uid of url:http://h/p');
  });

  it('keeps its own uid and namespace, and claims to be no mirror', () => {
    const pod = web();
    pod.metadata = {
      name: 'web',
      namespace: 'x',
      uid: 'u',
      annotations: { 'kubernetes.io/config.mirror': 'h', a: 'b' },
    };
    const { metadata } = complete(pod);
    assert.deepEqual([metadata?.namespace, metadata?.uid], ['x', 'u']);
    assert.deepEqual(metadata?.annotations, {
      a: 'b',
      'kubernetes.io/config.hash': 'u',
      'kubernetes.io/config.source': 'file',
    });
  });

  it('says since when it is known', () => {
    const { metadata } = podObjectOf(complete(web()), '2026-01-02T03:04:05.678Z');
    assert.equal(metadata.annotations?.['kubernetes.io/config.seen'], '2026-01-02T03:04:05.678Z');
  });
});
