/** Two kubelets at one API server: each reads what its own pods use, at once, and writes what is its own. */

import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { leases } from '../../api/resources/coordination.ts';
import { configMaps, nodes, pods, secrets, serviceAccounts } from '../../api/resources/core.ts';
import { clusterRoleBindings, clusterRoles } from '../../api/resources/rbac.ts';
import { StatusError } from '../../api/status-error.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import type { Binding, ConfigMap, Node, Pod, PodSpec, Secret, ServiceAccount } from '../../api/types/core/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { silentLogger } from '../../base/logger.ts';
import { encodePem } from '../../base/pem.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

describe('the identities of two kubelets', () => {
  let store: MemoryStore;
  let server: TestApiServer;
  /** On the same store: its caches are its own. */
  let second: TestApiServer;
  let a: Client;
  let b: Client;
  /** The kubelet of `a`, at the second server. */
  let elsewhere: Client;

  const connect = async (to: TestApiServer, node: string): Promise<Client> =>
    createRestClient(await to.connectAsNode(node), { userAgent: node, logger: silentLogger });

  before(async () => {
    store = new MemoryStore();
    server = await startTestApiServer({ store });
    second = await startTestApiServer({ store, authority: server.authority });
    [a, b, elsewhere] = await Promise.all([connect(server, 'a'), connect(server, 'b'), connect(second, 'a')]);
    await server.client.create<ServiceAccount>(serviceAccounts, { metadata: { namespace, name: 'robot' } });
    for (const name of ['of-a', 'of-b']) {
      await server.client.create<Secret>(secrets, { metadata: { namespace, name }, stringData: { k: name } });
      await server.client.create<ConfigMap>(configMaps, { metadata: { namespace, name }, data: { k: name } });
    }
    await a.create<Node>(nodes, { metadata: { name: 'a' } });
    await b.create<Node>(nodes, { metadata: { name: 'b' } });
    await bind('pod-of-a', 'a', uses('of-a'));
    await bind('pod-of-b', 'b', uses('of-b'));
  });

  after(async () => {
    await Promise.all([a?.close(), b?.close(), elsewhere?.close()]);
    await second?.stop();
    await server?.stop();
    await store.close();
  });

  const uses = (name: string): Partial<PodSpec> => ({
    serviceAccountName: 'robot',
    volumes: [
      { name: 's', secret: { secretName: name } },
      { name: 'c', configMap: { name } },
    ],
  });

  /** As the scheduler does. */
  async function bind(name: string, node: string, spec: Partial<PodSpec>): Promise<string> {
    const made = await server.client.create<Pod>(pods, {
      metadata: { namespace, name },
      spec: { containers: [{ name: 'c', image: 'none' }], ...spec },
    });
    const body: Binding = {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: { namespace, name } },
      target: { kind: 'Node', name: node },
    };
    await server.client.createSubresource(pods, { namespace, name }, 'binding', body);
    return made.metadata.uid;
  }

  async function refused(work: Promise<unknown>, message: RegExp): Promise<void> {
    await assert.rejects(work, (error) => {
      assert.ok(error instanceof StatusError, String(error));
      assert.equal(error.code, 403, error.message);
      assert.match(error.message, message);
      return true;
    });
  }

  const unrelated = /no relationship found between node '.' and this object$/;

  it('read what their own pods use, and nothing of the other’s', async () => {
    for (const [own, mine, theirs] of [
      [a, 'of-a', 'of-b'],
      [b, 'of-b', 'of-a'],
    ] as const) {
      assert.equal((await own.get<ConfigMap>(configMaps, { namespace, name: mine })).data?.k, mine);
      assert.ok((await own.get<Secret>(secrets, { namespace, name: mine })).data?.k);
      await refused(own.get(configMaps, { namespace, name: theirs }), unrelated);
      await refused(own.get(secrets, { namespace, name: theirs }), unrelated);
      await refused(own.list(secrets, { namespace }), /No Object name found$/);
      await refused(own.list(secrets), /can only read namespaced object of this type$/);
    }
    const fieldSelector = 'metadata.name=of-a';
    assert.equal((await a.list(secrets, { namespace, fieldSelector })).items.length, 1);
    await refused(b.list(secrets, { namespace, fieldSelector }), unrelated);
  });

  it('list their own pods, and no others', async () => {
    const { items } = await a.list<Pod>(pods, { fieldSelector: 'spec.nodeName=a' });
    assert.deepEqual(
      items.map(({ metadata }) => metadata.name),
      ['pod-of-a'],
    );
    const only = /can only list\/watch pods with spec.nodeName field selector$/;
    await refused(a.list(pods, { fieldSelector: 'spec.nodeName=b' }), only);
    await refused(a.list(pods, { fieldSelector: 'spec.nodeName!=b' }), only);
    await refused(a.list(pods), only);
    await a.get(pods, { namespace, name: 'pod-of-a' });
    await refused(a.get(pods, { namespace, name: 'pod-of-b' }), unrelated);
  });

  it('write their own Node, Lease and pods, and no others', async () => {
    const status = { type: 'merge', body: { status: { phase: 'Running' } } } as const;
    const part = { subresource: 'status' };
    await a.patch(pods, { namespace, name: 'pod-of-a' }, status, part);
    await refused(
      a.patch(pods, { namespace, name: 'pod-of-b' }, status, part),
      /node "a" can only update pod status for pods with spec.nodeName set to itself$/,
    );
    await refused(
      a.delete(pods, { namespace, name: 'pod-of-b' }),
      /node "a" can only delete pods with spec.nodeName set/,
    );
    const label = { type: 'merge', body: { metadata: { labels: { x: 'y' } } } } as const;
    await a.patch(nodes, { name: 'a' }, label);
    for (const options of [{}, part]) {
      await refused(a.patch(nodes, { name: 'b' }, label, options), /node "a" is not allowed to modify node "b"$/);
    }
    await refused(a.get(nodes, { name: 'b' }), /node 'a' cannot read 'b', only its own Node object$/);
    const lease = (name: string) => ({
      metadata: { namespace: 'kube-node-lease', name },
      spec: { holderIdentity: name },
    });
    await a.create(leases, lease('a'));
    await refused(
      a.create(leases, lease('b')),
      /can only access node lease with the same name as the requesting node$/,
    );
    await b.create(leases, lease('b'));
    const renewal = { type: 'merge', body: { spec: { leaseDurationSeconds: 40 } } } as const;
    await a.patch(leases, lease('a').metadata, renewal);
    await refused(a.patch(leases, lease('b').metadata, renewal), /with the same name as the requesting node$/);
  });

  it('do not choose the part of the pod network that is theirs', async () => {
    const spec = { podCIDR: '10.244.8.0/21' };
    await refused(
      a.patch(nodes, { name: 'a' }, { type: 'merge', body: { spec } }),
      /node "a" is not allowed to modify podCIDRs$/,
    );
    const c = await connect(server, 'c');
    try {
      await refused(
        c.create<Node>(nodes, { metadata: { name: 'c' }, spec }),
        /node "c" is not allowed to set podCIDRs$/,
      );
    } finally {
      await c.close();
    }
  });

  it('ask for certificates under their own name, and only one', async () => {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const ask = async (...names: string[]) => {
      const subject = ['O=system:nodes', ...names.map((name) => `CN=system:node:${name}`)].join(', ');
      const { rawData } = await Pkcs10CertificateRequestGenerator.create({
        ...{ name: subject, keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } },
      });
      const pem = encodePem(new Uint8Array(rawData), 'CERTIFICATE REQUEST');
      await a.create<CertificateSigningRequest>(certificateSigningRequests, {
        metadata: { name: `of-${names.join('-')}` },
        spec: {
          request: Buffer.from(pem).toString('base64'),
          signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
          usages: ['client auth', 'digital signature'],
        },
      });
    };
    for (const names of [['b'], ['a', 'b'], ['b', 'a'], ['a', 'a'], []])
      await refused(ask(...names), /can only create a node CSR with CN=system:node:a$/);
    await ask('a');
  });

  it('get tokens of accounts for their own pods, bound to them', async () => {
    const tokenFor = async (client: Client, name: string) => {
      const { uid } = (await server.client.get(pods, { namespace, name })).metadata;
      const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
      // As for what every pod gets mounted: no audience is named.
      const spec = { boundObjectRef };
      const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
      return await client.createSubresource(serviceAccounts, { namespace, name: 'robot' }, 'token', request);
    };
    const token = { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } };
    await bind('with-token', 'a', { serviceAccountName: 'robot', volumes: [{ name: 't', ...token }] });
    await tokenFor(a, 'with-token');
    await refused(tokenFor(a, 'pod-of-b'), /node requested token bound to a pod scheduled on a different node$/);
    await refused(tokenFor(a, 'pod-of-a'), /audience "" not found in pod spec volume, system:node:a is not authorized/);
  });

  it('are refused nothing that a pod uses which was bound a moment ago, at whichever server', async () => {
    for (let i = 0; i < 8; i += 1) {
      const name = `late-${i}`;
      await server.client.create<Secret>(secrets, { metadata: { namespace, name } });
      await bind(name, 'a', { volumes: [{ name: 's', secret: { secretName: name } }] });
      const [here, there] = await Promise.all([
        a.get(secrets, { namespace, name }),
        elsewhere.get(secrets, { namespace, name }),
      ]);
      assert.equal(here.metadata.uid, there.metadata.uid);
    }
  });

  it('lose what a pod used when it goes', async () => {
    await server.client.create<Secret>(secrets, { metadata: { namespace, name: 'brief' } });
    await bind('brief', 'a', { volumes: [{ name: 's', secret: { secretName: 'brief' } }] });
    await elsewhere.get(secrets, { namespace, name: 'brief' });
    await server.client.delete(pods, { namespace, name: 'brief' }, { gracePeriodSeconds: 0 });
    // A consistent read brings the caches up to now: from then on the answer is no.
    await Promise.all([server.client.list(pods), second.client.list(pods)]);
    await refused(a.get(secrets, { namespace, name: 'brief' }), unrelated);
    await refused(elsewhere.get(secrets, { namespace, name: 'brief' }), unrelated);
  });

  it('say of themselves that they have left, and nothing else that has a Node deleted', async () => {
    const mark = (annotations: Record<string, string>) =>
      ({ type: 'merge', body: { metadata: { annotations } } }) as const;
    const [left, removed] = [mark({ [leftAnnotation]: 'true' }), mark({ [removedAnnotation]: 'true' })];
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'b', uid: 'u' };
    const owned = { type: 'merge', body: { metadata: { ownerReferences: [owner] } } } as const;
    const part = { subresource: 'status' };
    const cannot = /cannot change \S+ of a node you can't delete$/;
    await refused(a.patch(nodes, { name: 'a' }, left, part), cannot);
    for (const options of [{}, part]) await refused(a.patch(nodes, { name: 'a' }, removed, options), cannot);
    await a.patch(nodes, { name: 'a' }, left);
    const made = { metadata: { name: 'c', ownerReferences: [owner] } };
    const c = await connect(server, 'c');
    await refused(c.create<Node>(nodes, made), /node "c" is not allowed to set ownerReferences$/);
    await refused(c.create<Node>(nodes, { metadata: { name: 'c', annotations: { [removedAnnotation]: '' } } }), cannot);
    await c.close();

    const role = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'status-writer' };
    const rules = [{ apiGroups: [''], resources: ['nodes/status'], verbs: ['patch'] }];
    await server.client.create(clusterRoles, { metadata: { name: role.name }, rules });
    const subjects = [{ apiGroup: role.apiGroup, kind: 'User', name: 'watcher' }];
    await server.client.create(clusterRoleBindings, { metadata: { name: role.name }, roleRef: role, subjects });
    const watcher = createRestClient(await server.connectAs('watcher'), { userAgent: 'x', logger: silentLogger });
    const harmless = mark({ 'example.com/seen': 'true' });
    await eventually('the role holds', () =>
      watcher.patch(nodes, { name: 'b' }, harmless, part).catch(() => undefined),
    );
    for (const patch of [left, removed, owned]) await refused(watcher.patch(nodes, { name: 'b' }, patch, part), cannot);
    await watcher.close();

    // Who may delete it may say so, and a node does not take it back.
    await server.client.patch(nodes, { name: 'a' }, removed);
    const back = { type: 'merge', body: { metadata: { annotations: { [removedAnnotation]: null } } } } as const;
    for (const options of [{}, part]) await refused(a.patch(nodes, { name: 'a' }, back, options), cannot);
  });

  it('stand for nothing without a name or the group', async () => {
    for (const [name, groups, message] of [
      ['system:node:', ['system:nodes'], /unknown node for user "system:node:"$/],
      ['system:node:a', [], /in API group "" in the namespace "default"$/],
      ['a', ['system:nodes'], /in API group "" in the namespace "default"$/],
    ] as const) {
      const stranger = createRestClient(await server.connectAs(name, groups), { userAgent: 'x', logger: silentLogger });
      await refused(stranger.get(secrets, { namespace, name: 'of-a' }), message);
      await stranger.close();
    }
  });
});
