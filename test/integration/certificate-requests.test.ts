/** Requests for certificates through the real API server and the controllers: asked, approved, signed, used, renewed. */

import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { removedAnnotation } from '../../api/departure.ts';
import { clusterInfo } from '../../api/joining-tokens.ts';
import { selfSubjectReviews } from '../../api/resources/authentication.ts';
import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { configMaps, nodes, secrets, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { clusterRoleBindings } from '../../api/resources/rbac.ts';
import type { CertificateSigningRequest } from '../../api/types/certificates/v1.ts';
import { createCertificateRequest } from '../../base/certificate-request.ts';
import { type CertificateSubject, createAuthority, type KeyPair } from '../../base/certificates.ts';
import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger as logger } from '../../base/logger.ts';
import { type KeyPairFiles, parseCertificate } from '../../base/renewed-key-pair.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { publishJoining } from '../../cluster/joining/publish.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { openNodeCredentials } from '../../kubelet/node/node-credentials.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const kubelet = 'kubernetes.io/kube-apiserver-client-kubelet';
const serving = 'kubernetes.io/kubelet-serving';
const client = 'kubernetes.io/kube-apiserver-client';
const clientUsages = ['digital signature', 'client auth'];
const servingUsages = ['digital signature', 'server auth'];

describe('requests for certificates', () => {
  let server: TestApiServer;
  let folder: string;
  let manager: Running;
  let kubeletAuthority: KeyPair;
  let count = 0;
  const clients: Client[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-requests-'));
    server = await startTestApiServer();
    kubeletAuthority = await createAuthority('kubelets');
    manager = await startControllerManager({
      connection: server.connection,
      logger,
      leaderElect: false,
      identity: 'test',
      controllers: [
        ...['signing', 'approving', 'cleaner'].map((one) => `certificatesigningrequest-${one}-controller`),
        'root-ca-certificate-publisher-controller',
      ],
      rootAuthority: { authorityFile: (await filesOf('ca', server.authority)).certificateFile },
      signing: {
        authority: await filesOf('ca', server.authority),
        kubeletServing: await filesOf('kubelet-ca', kubeletAuthority),
      },
    });
    await server.client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'other' },
      status: { addresses: [{ type: 'InternalIP', address: '10.9.9.8' }] },
    });
  });
  after(async () => {
    for (const one of clients) await one.close();
    await manager.stop();
    await server.stop();
    await rm(folder, { recursive: true });
  });

  async function filesOf(name: string, pair: KeyPair): Promise<KeyPairFiles> {
    const files = { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
    await writeFile(files.keyFile, pair.key);
    await writeFile(files.certificateFile, pair.certificate);
    return files;
  }

  async function as(name: string, groups: readonly string[] = []): Promise<Client> {
    const opened = createRestClient(await server.connectAs(name, groups), { userAgent: 'test', logger });
    clients.push(opened);
    return opened;
  }
  /** It may also do what the node authorizer will let it: who may ask is not what is tested here. */
  const asNode = (name: string) => as(`system:node:${name}`, ['system:nodes', 'system:masters']);
  const nodeSubject = (name: string): CertificateSubject => ({
    commonName: `system:node:${name}`,
    organizations: ['system:nodes'],
  });

  interface Asked {
    readonly signerName: string;
    readonly usages: readonly string[];
    readonly expirationSeconds?: number;
    readonly from?: Client;
  }

  async function ask(subject: CertificateSubject, { from = server.client, ...spec }: Asked) {
    const { request, key } = await createCertificateRequest(subject);
    count += 1;
    const object: CertificateSigningRequest = {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: `r${count}` },
      spec: { ...spec, usages: [...spec.usages], request: Buffer.from(request).toString('base64') },
    };
    await from.create(certificateSigningRequests, object);
    return { name: `r${count}`, key };
  }

  const read = (name: string) => server.client.get(certificateSigningRequests, { name });
  const approve = (name: string, by: Client = server.client) =>
    by.patch(
      certificateSigningRequests,
      { name },
      { type: 'merge', body: { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] } } },
      { subresource: 'approval' },
    );

  function issued(name: string): Promise<string> {
    return eventually(`${name} is signed`, async () => {
      const { status } = await read(name);
      return status?.certificate === undefined ? undefined : Buffer.from(status.certificate, 'base64').toString();
    });
  }

  it('sign a client in that an administrator has approved, for as long as was asked', async () => {
    const subject = { commonName: 'ada', organizations: ['devs'] };
    const { name, key } = await ask(subject, { signerName: client, usages: clientUsages, expirationSeconds: 3600 });
    await approve(name);
    const certificate = await issued(name);
    const parsed = parseCertificate({ certificate, key });
    assert.ok(parsed);
    const lifeMs = Date.parse(parsed.validTo) - Date.parse(parsed.validFrom);
    assert.ok(Math.abs(lifeMs - 3_900_000) < 5_000, `${lifeMs}`);
    assert.equal(parsed.ca, false);
    const signedIn = createRestClient(
      { ...server.connection, clientCertificate: certificate, clientKey: key },
      { userAgent: 'test', logger },
    );
    clients.push(signedIn);
    const { status } = await signedIn.create(selfSubjectReviews, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'SelfSubjectReview',
    });
    assert.deepEqual([status?.userInfo?.username, status?.userInfo?.groups?.slice(0, 1)], ['ada', ['devs']]);
    const digest = createHash('sha256').update(new X509Certificate(certificate).raw).digest('hex');
    assert.deepEqual(status?.userInfo?.extra, {
      'authentication.kubernetes.io/credential-id': [`X509SHA256=${digest}`],
    });
  });

  it('for a node’s own client certificate approve themselves', async () => {
    const { name } = await ask(nodeSubject('n1'), { signerName: kubelet, usages: clientUsages });
    const parsed = new X509Certificate(await issued(name));
    assert.equal(parsed.subject, 'O=system:nodes\nCN=system:node:n1');
    const [condition] = (await read(name)).status?.conditions ?? [];
    assert.deepEqual(
      [condition?.type, condition?.reason, condition?.message],
      ['Approved', 'AutoApproved', 'Auto approving kubelet client certificate after SubjectAccessReview.'],
    );
  });

  it('of a node renew while it is there, and is not to go', async () => {
    const role = 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient';
    const [apiVersion, apiGroup] = ['rbac.authorization.k8s.io/v1', 'rbac.authorization.k8s.io'];
    await server.client.create(clusterRoleBindings, {
      ...{ apiVersion, kind: 'ClusterRoleBinding', metadata: { name: 'test:renewal' } },
      roleRef: { apiGroup, kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'Group', apiGroup, name: 'system:nodes' }],
    });
    const stays = createRestClient(await server.connectAsNode('n7'), { userAgent: 'test', logger });
    const goes = createRestClient(await server.connectAsNode('n6'), { userAgent: 'test', logger });
    clients.push(stays, goes);
    const spec = { signerName: kubelet, usages: clientUsages };
    const annotations = { [removedAnnotation]: 'true' };
    await server.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n6', annotations } });
    const removed = await ask(nodeSubject('n6'), { ...spec, from: goes });
    const early = await ask(nodeSubject('n7'), { ...spec, from: stays });
    assert.equal((await read(early.name)).status?.certificate, undefined);
    await server.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n7' } });
    await issued(early.name);
    await server.client.delete(nodes, { name: 'n6' });
    const gone = await ask(nodeSubject('n6'), { ...spec, from: goes });
    await issued((await ask(nodeSubject('n7'), { ...spec, from: stays })).name);
    for (const { name } of [removed, gone]) assert.equal((await read(name)).status?.conditions, undefined);
  });

  it('fail with the signer’s reason when they ask for something else', async () => {
    for (const [subject, signerName, usages, message] of [
      [{ commonName: 'ada' }, client, ['server auth'], 'invalid usage for client certificate: server auth'],
      [{ commonName: 'ada' }, kubelet, clientUsages, 'subject organization is not system:nodes'],
      [nodeSubject('n1'), serving, servingUsages, 'DNS or IP subjectAltName is required'],
    ] as const) {
      const { name } = await ask(subject, { signerName, usages });
      await approve(name);
      const failed = await eventually(`${name} fails`, async () =>
        (await read(name)).status?.conditions?.find(({ type }) => type === 'Failed'),
      );
      assert.deepEqual([failed.reason, failed.message], ['SignerValidationFailure', message]);
    }
  });

  it('for a node’s server approve themselves once its Node object has the addresses, and are signed by an authority of their own', async () => {
    const node = await asNode('n2');
    const names = { dnsNames: ['n2'], ipAddresses: ['10.9.9.9'] };
    const { name } = await ask(
      { ...nodeSubject('n2'), ...names },
      { signerName: serving, usages: servingUsages, from: node },
    );
    // Others' names and addresses wait for a person: nothing is decided of them when this one is.
    const others = [
      await ask(
        { ...nodeSubject('n2'), dnsNames: ['n2', 'other'] },
        { signerName: serving, usages: servingUsages, from: node },
      ),
      await ask(
        { ...nodeSubject('n2'), ipAddresses: ['10.9.9.8'] },
        { signerName: serving, usages: servingUsages, from: node },
      ),
      await ask({ ...nodeSubject('n2'), dnsNames: ['n2'] }, { signerName: serving, usages: servingUsages }),
    ];
    await server.client.create(nodes, {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'n2' },
      status: { addresses: [{ type: 'InternalIP', address: '10.9.9.9' }] },
    });
    const parsed = new X509Certificate(await issued(name));
    assert.ok(parsed.verify(new X509Certificate(kubeletAuthority.certificate).publicKey));
    for (const other of others) assert.equal((await read(other.name)).status?.conditions, undefined);
  });

  it('are approved and signed only by who may do so for that signer', async () => {
    const { name } = await ask({ commonName: 'x' }, { signerName: 'example.com/own', usages: clientUsages });
    await assert.rejects(approve(name, await as('somebody')), /403|cannot|not permitted/);
    await assert.rejects(
      ask({ commonName: 'root', organizations: ['system:masters'] }, { signerName: client, usages: clientUsages }),
      /use of kubernetes\.io\/kube-apiserver-client signer with system:masters group is not allowed/,
    );
  });

  describe('of a kubelet that begins with a bootstrap kubeconfig', () => {
    let own: string;
    let kubeconfig: string;
    const stop = new AbortController();

    const open = async (nodeName: string, bootstrapKubeconfig?: string) =>
      await openNodeCredentials({
        kubeconfig,
        bootstrapKubeconfig,
        certificateFolder: join(own, 'pki'),
        nodeName,
        nodeIp: '10.9.9.4',
        clock: systemClock,
        logger,
        signal: stop.signal,
      });
    const hasAuthority = async (file: string, authority: KeyPair): Promise<boolean> =>
      new X509Certificate(await readFile(file, 'utf8')).verify(new X509Certificate(authority.certificate).publicKey);

    before(async () => {
      own = join(folder, 'kubelet');
      kubeconfig = join(own, 'kubelet.kubeconfig');
      // What an administrator lets nodes do, so that it is theirs to ask for themselves.
      await server.client.create(clusterRoleBindings, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'test:nodes' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
        subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:nodes' }],
      });
    });

    it('are asked for, written to its own files, and used from then on without the bootstrap kubeconfig', async () => {
      const bootstrap = join(folder, 'bootstrap.kubeconfig');
      await writeFile(bootstrap, kubeconfigText(await server.connectAs('bootstrap', ['system:masters'])));
      await assert.rejects(open('n4'), /There is no .*kubelet\.kubeconfig, and no --bootstrap-kubeconfig/);
      const first = await open('n4', bootstrap);
      await first.renewal.stop();
      const client = join(own, 'pki', 'kubelet-client.pem');
      assert.deepEqual(first.connection.clientFiles, { certificateFile: client, keyFile: client });
      for (const file of [client, kubeconfig]) assert.equal((await stat(file)).mode & 0o777, 0o600);
      assert.ok(await hasAuthority(client, server.authority));
      const before = await readFile(client, 'utf8');
      await rm(bootstrap);
      const second = await open('n4', bootstrap);
      await second.renewal.stop();
      assert.equal(await readFile(client, 'utf8'), before);
    });

    it('are followed by a serving certificate once the Node object is there, and by the authorities of the cluster', async () => {
      const next = await createAuthority('next');
      const bundle = server.authority.certificate + next.certificate;
      await publishClusterInfo(bundle);
      const { serving: files, authorityFile, renewal } = await open('n4');
      try {
        assert.ok(!(await hasAuthority(files.keyFile, kubeletAuthority)));
        await server.client.create(nodes, {
          apiVersion: 'v1',
          kind: 'Node',
          metadata: { name: 'n4' },
          status: { addresses: [{ type: 'InternalIP', address: '10.9.9.4' }] },
        });
        await eventually('it serves with what the cluster signed', () => hasAuthority(files.keyFile, kubeletAuthority));
        await eventually('it trusts both', async () => (await readFile(authorityFile, 'utf8')) === bundle);
      } finally {
        await renewal.stop();
      }
    });

    it('are asked for again when another authority signs', async () => {
      // The first of a bundle signs; here it says so of one that does not, so that each certificate is of another.
      const other = await createAuthority('other');
      const bundle = other.certificate + server.authority.certificate;
      await publishClusterInfo(bundle);
      const client = join(own, 'pki', 'kubelet-client.pem');
      const before = await readFile(client, 'utf8');
      const { renewal } = await open('n4');
      try {
        await eventually('it has another', async () => (await readFile(client, 'utf8')) !== before);
      } finally {
        await renewal.stop();
      }
    });

    async function publishClusterInfo(bundle: string): Promise<void> {
      const data = { kubeconfig: kubeconfigText({ ...server.connection, certificateAuthority: bundle }) };
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...clusterInfo }, data };
      await server.client.patch(
        configMaps,
        clusterInfo,
        { type: 'apply', body: object, force: true },
        { fieldManager: 'test' },
      );
    }
  });

  it('publish the root certificate again when it is another one', async () => {
    const root = () => server.client.get(configMaps, { namespace: 'default', name: 'kube-root-ca.crt' });
    const before = await eventually('it is published', async () => (await root()).data?.['ca.crt']);
    const next = await createAuthority('next');
    await writeFile(join(folder, 'ca.crt'), before + next.certificate);
    await eventually('both are published', async () => (await root()).data?.['ca.crt'] === before + next.certificate);
  });

  it('for the proxy of a node approve themselves when that node asks', async () => {
    const settings = {
      clusterCidr: '10.244.0.0/16',
      serviceCidr: '10.96.0.0/16',
      nodePortRange: { first: 30000, last: 32767 },
      networkName: 'longshore',
      proxyMode: 'nftables',
    } as const;
    const facts = { server: 'https://10.0.0.1:6443', authority: server.authority.certificate };
    await publishJoining({ client: server.client, settings, ...facts });
    const [node, ghost] = [
      await as('system:node:other', ['system:nodes']),
      await as('system:node:ghost', ['system:nodes']),
    ];
    const wanted = { signerName: 'longshore.dev/kube-proxy-client', usages: clientUsages };
    const early = await ask({ commonName: 'system:kube-proxy' }, { ...wanted, from: ghost });
    const { name, key } = await ask({ commonName: 'system:kube-proxy' }, { ...wanted, from: node });
    const certificate = await issued(name);
    const connection = { ...server.connection, clientCertificate: certificate, clientKey: key };
    const proxy = createRestClient(connection, { userAgent: 'test', logger });
    clients.push(proxy);
    await proxy.list(nodes);
    await proxy.list(services);
    await proxy.list(endpointSlices);
    await assert.rejects(proxy.list(secrets), { code: 403 });
    // A node that is not there, or is there no more, gets none.
    assert.equal((await read(early.name)).status?.conditions, undefined);
    await server.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'ghost' } });
    await issued(early.name);
  });
});
