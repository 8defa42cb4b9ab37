import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { programmedRevisionAnnotation } from '../../api/pod-drain.ts';
import { leases } from '../../api/resources/coordination.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { ProxyRevisions } from './proxy-revisions.ts';

const lease = (name: string, revision: number | undefined, renewTime = 'a') =>
  storedObject(leases, {
    metadata: {
      name,
      namespace: 'kube-node-lease',
      ...(revision !== undefined && { annotations: { [programmedRevisionAnnotation]: String(revision) } }),
    },
    spec: { renewTime },
  });
const at = (now: number) => ({ now, since: 0 });

describe('the revisions of proxies', () => {
  it('say who is behind, and how far all are', () => {
    const proxies = new ProxyRevisions();
    assert.equal(proxies.note(lease('n1', 5), 0), true);
    assert.equal(proxies.note(lease('n2', 9), 0), true);
    assert.equal(proxies.note(lease('n2', 9, 'b'), 0), false, 'only renewed');
    assert.deepEqual(proxies.behind(9, at(0)), ['n1']);
    assert.deepEqual(proxies.behind(5, at(0)), []);
    assert.equal(proxies.lowest(at(0)), 5);
    proxies.note(lease('n1', 12), 0);
    assert.equal(proxies.lowest(at(0)), 9);
  });

  it('do not count for a node that never said any, that is silent or gone', () => {
    const proxies = new ProxyRevisions();
    assert.equal(proxies.lowest(at(0)), Number.POSITIVE_INFINITY);
    proxies.note(lease('foreign', undefined), 0);
    proxies.note(lease('n1', 1), 0);
    proxies.note(lease('n2', 1), 0);
    proxies.note(lease('n2', 1, 'b'), 15_000);
    assert.deepEqual(proxies.behind(2, at(19_999)), ['n1', 'n2']);
    assert.deepEqual(proxies.behind(2, at(20_000)), ['n2']);
    assert.deepEqual(proxies.behind(2, { now: 60_000, since: undefined }), ['n1', 'n2'], 'we hear nobody');
    assert.deepEqual(proxies.behind(2, { now: 60_000, since: 50_000 }), ['n1', 'n2'], 'we did not listen');
    proxies.forget('n2');
    assert.deepEqual(proxies.behind(2, at(20_000)), []);
  });

  it('do not count for one that was given up, until it says something again', () => {
    const proxies = new ProxyRevisions();
    proxies.note(lease('n1', 1), 0);
    proxies.giveUp(['n1']);
    proxies.note(lease('n1', 1, 'b'), 0);
    assert.deepEqual(proxies.behind(2, at(0)), [], 'its kubelet alone goes on');
    proxies.note(lease('n1', 2), 0);
    assert.deepEqual(proxies.behind(3, at(0)), ['n1']);
  });
});
