/** Tokens for joining, and what a cluster does for hosts that come and go, against the real API server. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { tokenSecretName } from '../../api/bootstrap-token.ts';
import { leftAnnotation, removedAnnotation } from '../../api/departure.ts';
import { clusterInfo, endedTokensKey } from '../../api/joining-tokens.ts';
import { parseReachability, reachabilityAnnotation, reachabilityQuestionAnnotation } from '../../api/reachability.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { leases } from '../../api/resources/coordination.ts';
import { configMaps, nodes, secrets } from '../../api/resources/core.ts';
import { clusterRoleBindings } from '../../api/resources/rbac.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import type { ConfigMap, Node, Secret } from '../../api/types/core/v1.ts';
import { createCertificateRequest } from '../../base/certificate-request.ts';
import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { listeningPort } from '../../base/listening-port.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { authorityHashOf, parseJoinToken } from '../../cluster/joining/join-token.ts';
import { publishJoining } from '../../cluster/joining/publish.ts';
import { createToken, listTokens, revokeToken } from '../../cluster/joining/tokens.ts';
import { claimBootstrapUse } from '../../controller-manager/certificates/bootstrap-uses.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { nameLeaseOf } from '../../controller-manager/nodes/node-names.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const settings = {
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/16',
  nodePortRange: { first: 30000, last: 32767 },
  networkName: 'longshore',
  proxyMode: 'nftables',
} as const;
const hourMs = 3_600_000;

describe('joining, as the cluster sees it', () => {
  let server: TestApiServer;
  let client: Client;
  let controllers: Running;

  before(async () => {
    server = await startTestApiServer();
    client = server.client;
    await publish();
    controllers = await startControllerManager({
      connection: server.connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      controllers: ['token-cleaner-controller', 'node-departure-controller', 'node-reachability-controller'],
    });
  });
  after(async () => {
    await controllers.stop();
    await server.stop();
  });

  const publish = () =>
    publishJoining({ client, settings, server: 'https://10.0.0.1:6443', authority: server.authority.certificate });
  const wish = { role: 'worker', description: '', lifeMs: hourMs, uses: 1, server: undefined } as const;

  async function makeToken(more: Partial<Parameters<typeof createToken>[1]> = {}) {
    const line = await createToken(client, { ...wish, now: Date.now(), ...more });
    const [, host = '', word = ''] = /^npx kubecfg join (\S+) --token (\S+)$/.exec(line) ?? [];
    return { host, word, ...parseJoinToken(word) };
  }
  const secretOf = (id: string) =>
    ifPresent(client.get<Secret>(secrets, { namespace: 'kube-system', name: tokenSecretName(id) }));
  const endedText = async () => (await client.get<ConfigMap>(configMaps, clusterInfo)).data?.[endedTokensKey] ?? '';
  const claim = (tokenId: string, requestUid: string, nodeName = requestUid) =>
    claimBootstrapUse({ client, clock: systemClock, tokenId, requestUid, nodeName, validForMs: hourMs });

  it('publishes what hosts need again and again, and keeps what others wrote', async () => {
    const { id } = await makeToken();
    await revokeToken(client, id, Date.now());
    await Promise.all([publish(), publish()]);
    assert.match(await endedText(), new RegExp(id));
    const { items } = await client.list(clusterRoleBindings);
    // What components may do is granted to users of theirs.
    const granted = items.filter(
      ({ metadata: { name }, subjects }) => name.startsWith('longshore:') && subjects?.[0]?.kind === 'Group',
    );
    assert.deepEqual(granted.map(({ roleRef, subjects }) => `${roleRef.name} ${subjects?.[0]?.name}`).sort(), [
      'longshore:approve-proxy-clients system:nodes',
      'longshore:joining-hosts system:bootstrappers',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient system:bootstrappers:longshore:worker',
      'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient system:nodes',
    ]);
  });

  it('prints one line, whose word pins the authority, and lists tokens without secrets', async () => {
    const token = await makeToken({ description: 'rack 2', uses: 3 });
    assert.equal(token.host, '10.0.0.1');
    assert.equal(token.authorityHash, authorityHashOf(server.authority.certificate));
    const table = await listTokens(client, Date.now());
    assert.match(table, new RegExp(`^${token.id} +worker +\\d+ min +3 of 3 +rack 2$`, 'm'));
    assert.ok(!table.includes(token.secret));
    await assert.rejects(createToken(client, { ...wish, role: 'master', now: 1 }), /--role must be one of worker/);
  });

  it('revokes by id or by the whole word, once', async () => {
    const [one, two] = [await makeToken(), await makeToken()];
    await revokeToken(client, one.id, Date.now());
    await revokeToken(client, two.word, Date.now());
    assert.deepEqual([await secretOf(one.id), await secretOf(two.id)], [undefined, undefined]);
    assert.match(await endedText(), new RegExp(`"${two.id}":{"why":"revoked"`));
    await assert.rejects(revokeToken(client, one.id, Date.now()), /There is no token/);
    await assert.rejects(revokeToken(client, '../x', Date.now()), /is no id of a token/);
  });

  it('grants no more certificates than a token has uses, however many ask at once', async () => {
    const { id } = await makeToken({ uses: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => claim(id, `request-${i}`)));
    assert.equal(answers.filter((why) => why === undefined).length, 3);
    assert.ok(answers.every((why) => why === undefined || why.includes(`the token ${id} is used up`)));
    const granted = answers.indexOf(undefined);
    assert.equal(await claim(id, `request-${granted}`), undefined, 'the same request again is no further use');
  });

  it('grants nothing for a token that is over, or for a node that is there', async () => {
    const [revoked, expired, free] = [
      await makeToken(),
      await makeToken({ now: 1 }),
      await makeToken({ uses: undefined }),
    ];
    await revokeToken(client, revoked.id, Date.now());
    assert.match((await claim(revoked.id, 'r')) ?? '', /was revoked/);
    assert.match((await claim(expired.id, 'r')) ?? '', /has expired|was revoked/);
    await client.create<Node>(nodes, { metadata: { name: 'there' } });
    assert.match((await claim(free.id, 'r', 'there')) ?? '', /there is a node there already/);
    assert.equal(await claim(free.id, 'r', 'elsewhere'), undefined);
  });

  it('gives the name of a node that is to come to one host, whatever tokens there are, until it has come and gone', async () => {
    const tokens = await Promise.all([1, 2, 3, 4].map(() => makeToken()));
    const claimAll = () => Promise.all(tokens.map(({ id }, i) => claim(id, `for-web-${i}`, 'web')));
    const answers = await claimAll();
    const granted = answers.indexOf(undefined);
    const others = answers.filter((_, i) => i !== granted);
    assert.ok(
      others.every((why) => why?.startsWith('the name web was given to another host')),
      answers.join(),
    );
    assert.deepEqual((await claimAll()).indexOf(undefined), granted, 'the same request keeps it');
    const next = tokens[(granted + 1) % tokens.length]?.id ?? '';
    const later = { client, clock: { now: () => Date.now() + 2 * hourMs }, requestUid: 'later', nodeName: 'web' };
    const long = await makeToken({ lifeMs: 3 * hourMs });
    assert.equal(await claimBootstrapUse({ ...later, tokenId: long.id, validForMs: 1 }), undefined, 'it has run out');

    await client.create<Node>(nodes, { metadata: { name: 'web' } });
    const lease = { namespace: 'kube-system', name: nameLeaseOf('web') };
    await eventually('the name is the Node’s', async () => !(await client.get(leases, lease)).spec?.holderIdentity);
    assert.match((await claim(next, 'again', 'web')) ?? '', /there is a node web already/);
    await client.delete<Node>(nodes, { name: 'web' });
    assert.equal(await claim(next, 'again', 'web'), undefined);
  });

  it('leaves a name free whose request was refused', async () => {
    const [one, two] = [await makeToken(), await makeToken()];
    assert.equal(await claim(one.id, 'first', 'db-1'), undefined);
    assert.match((await claim(one.id, 'second', 'db-2')) ?? '', /is used up/);
    assert.equal(await claim(two.id, 'third', 'db-2'), undefined);
  });

  it('deletes a token once its time is over, and says so to whoever comes with it', async () => {
    const { id } = await makeToken({ lifeMs: 1_000 });
    await eventually('the token is gone', async () => (await secretOf(id)) === undefined);
    assert.match(await endedText(), new RegExp(`"${id}":{"why":"expired"`));
  });

  it('deletes the node of a host that has left', async () => {
    const annotations = { [leftAnnotation]: 'true' };
    await client.create<Node>(nodes, { metadata: { name: 'left', annotations } });
    const isGone = async () => (await ifPresent(client.get(nodes, { name: 'left' }))) === undefined;
    await eventually('the node is gone', isGone);
  });

  it('lets the bearer of a token ask for a node’s certificate, and read the answer; nothing else', async () => {
    const { id, secret } = await makeToken();
    const bearer = createRestClient(
      { servers: [server.url], certificateAuthority: server.authority.certificate, token: `${id}.${secret}` },
      { userAgent: 'test', logger: silentLogger },
    );
    try {
      const subject = { commonName: 'system:node:bearer', organizations: ['system:nodes'] };
      const { request } = await createCertificateRequest(subject);
      const ask = (name: string, signerName: string) =>
        bearer.create<CertificateSigningRequest>(certificateSigningRequests, {
          metadata: { name },
          spec: { signerName, usages: ['client auth'], request: Buffer.from(request).toString('base64') },
        });
      await eventually('it may', () =>
        ask('of-a-bearer', 'kubernetes.io/kube-apiserver-client-kubelet').catch(() => undefined),
      );
      await bearer.get(certificateSigningRequests, { name: 'of-a-bearer' });
      for (const other of ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client', 'example.com/own'])
        await assert.rejects(
          ask('other', other),
          /may only ask for a certificate of kubernetes.io\/kube-apiserver-client-k/,
        );
      await assert.rejects(bearer.list(certificateSigningRequests), /cannot list resource/);
      await assert.rejects(bearer.list(nodes), /cannot list resource/);
    } finally {
      await bearer.close();
    }
  });

  it('keeps what others put on the node of a host that has left, until it is removed', async () => {
    const taints = [{ key: 'dedicated', effect: 'NoSchedule' }];
    for (const [name, spec] of [
      ['kept', { taints }],
      ['plain', {}],
    ] as const)
      await client.create<Node>(nodes, { metadata: { name, annotations: { [leftAnnotation]: 'true' } }, spec });
    const isThere = async (name: string) => (await ifPresent(client.get(nodes, { name }))) !== undefined;
    await eventually('what came after it was looked at', async () => !(await isThere('plain')));
    assert.ok(await isThere('kept'));
    const body = { metadata: { annotations: { [removedAnnotation]: 'true' } } };
    await client.patch<Node>(nodes, { name: 'kept' }, { type: 'merge', body });
    await eventually('it is gone', async () => !(await isThere('kept')));
  });

  it('dials nothing beside the master for a host that asks whether it is reached, and says so', async () => {
    let isReached = false;
    const listener = net.createServer((socket) => {
      isReached = true;
      socket.destroy();
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const port = listeningPort(listener);
    const [own, part] = await Promise.all([
      ask('own', { address: '127.0.0.1', podCIDR: '10.244.3.0/24', port }),
      ask('part', { address: '192.0.2.7', podCIDR: '127.0.0.0/24', port }),
    ]);
    listener.close();
    await once(listener, 'close');
    assert.equal(own.kubelet, '127.0.0.1 is no address of another host');
    assert.equal(part.kubelet, '127.0.0.0/24 is no part of the pod network 10.244.0.0/16');
    assert.equal(isReached, false);
  });

  async function ask(name: string, { address, podCIDR, port }: { address: string; podCIDR: string; port: number }) {
    await client.create<Node>(nodes, {
      metadata: { name, annotations: { [reachabilityQuestionAnnotation]: 'q' } },
      spec: { podCIDR },
    });
    const status = {
      addresses: [{ type: 'InternalIP', address }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    };
    await client.patch<Node>(nodes, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
    return await eventually('the master answers', async () => {
      const node = await client.get<Node>(nodes, { name });
      return parseReachability(node.metadata.annotations?.[reachabilityAnnotation]);
    });
  }
});
