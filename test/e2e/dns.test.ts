/**
 * The DNS of a node as pods and hosts meet it: who is answered, what survives a restart, whom it asks, and how another
 * DNS takes its place.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { encode } from 'dns-packet';
import { configMaps, pods, services } from '../../api/resources/core.ts';
import type { ConfigMap, Pod, Service } from '../../api/types/core/v1.ts';
import { question, readAnswer } from '../../proxy/dns/testing/questions.ts';
import { askByUdp, framed, type PlayedDnsServer, playDnsServer, talkByTcp, unframed } from '../support/dns-client.ts';
import { importBusybox } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';
import { addressesOf, glibcMounts, glibcVolumes } from '../support/pod-resolver.ts';

const image = 'longshore-test/busybox:1';
const namespace = 'default';
const dns = { address: '10.96.0.10', port: 53 };
const kubernetes = 'kubernetes.default.svc.cluster.local';

/** The addresses that the DNS tells this host, or the code. */
async function askedHere(name: string): Promise<readonly string[] | number | undefined> {
  const said = await askByUdp(dns, question(name, 'A'), 3_000);
  if (said === undefined) return undefined;
  const { code, answers } = readAnswer(said);
  return code === 0 ? answers.map((one) => one.split(' ').at(-1) ?? '') : code;
}

const answersHere = (name: string, wanted: readonly string[] | number) =>
  eventually(`${name} is ${wanted}`, async () => {
    assert.deepEqual(await askedHere(name), wanted);
    return true;
  });

async function startPod(
  cluster: LocalCluster,
  name: string,
  spec: Partial<NonNullable<Pod['spec']>> = {},
): Promise<string> {
  const { client } = cluster;
  await client.create<Pod>(pods, {
    metadata: { name, namespace, labels: { app: name } },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: glibcVolumes,
      containers: [
        { name: 'c', image, command: ['sleep', '100000'], imagePullPolicy: 'Never', volumeMounts: glibcMounts },
      ],
      ...spec,
    },
  });
  return await eventually(`${name} is ready`, async () => {
    const { status } = await client.get<Pod>(pods, { namespace, name });
    return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') && status.podIP;
  });
}

const inPod = async (cluster: LocalCluster, pod: string, script: string): Promise<string> =>
  (await cluster.kubecfg('exec', pod, '--', 'sh', '-c', script)).trim();

/** A program that says 198.51.100.7 to everything. */
const ownDns = `
  const socket = require("dgram").createSocket("udp4");
  socket.on("message", (message, from) => {
    const record = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 198, 51, 100, 7];
    const answer = Buffer.concat([message, Buffer.from(record)]);
    answer[2] = 0x84; answer[3] = 0; answer[7] = 1;
    socket.send(answer, from.port, from.address);
  });
  socket.bind(53);`;

/** Says `address` to everything. */
const playUpstream = (address: string): Promise<PlayedDnsServer> =>
  playDnsServer((message) => {
    const { packet } = readAnswer(message);
    const name = packet.questions?.[0]?.name ?? '';
    const answers = [{ name, type: 'A' as const, ttl: 60, data: address }];
    return [encode({ type: 'response', id: packet.id ?? 0, questions: packet.questions ?? [], answers })];
  });

describe('the DNS of a node', () => {
  let cluster: LocalCluster;
  const played: PlayedDnsServer[] = [];

  before(async () => {
    await importBusybox(image);
    for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.3']) played.push(await playUpstream(address));
    const [first, second] = played.map(({ port }) => `127.0.0.1:${port}`);
    const flags = ['--no-demo', '--dns-upstream', first ?? '', '--dns-stub-domain', `corp.example=${second}`];
    cluster = await LocalCluster.start({ flags });
  });
  after(async () => {
    await cluster.remove();
    for (const one of played) await one.stop();
    assert.doesNotMatch(await runProgram('ip', ['-br', 'address', 'show', 'lo']), /10\.96\./);
  });

  it('answers pods, those on the node’s network, and the host', async () => {
    await startPod(cluster, 'inside');
    await startPod(cluster, 'on-host', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' });
    for (const pod of ['inside', 'on-host'])
      for (const name of [kubernetes, 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'])
        assert.equal(await inPod(cluster, pod, addressesOf(name)), '10.96.0.1', `${name} in ${pod}`);
    assert.match(await inPod(cluster, 'inside', `nslookup ${kubernetes}.`), /Address: 10\.96\.0\.1$/m);
    await answersHere(kubernetes, ['10.96.0.1']);
    const said = await talkByTcp(dns, framed(question(kubernetes, 'A')), (all) => unframed(all).length > 0);
    assert.equal(unframed(said).length, 1);
  });

  it('says nothing to a container that is no pod', async () => {
    const run = [
      'run',
      '--rm',
      '--entrypoint',
      '/bin/sh',
      image,
      '-c',
      `nslookup ${kubernetes} ${dns.address} 2>&1 || true`,
    ];
    assert.match(await runProgram('docker', run), /no servers could be reached|timed out/);
  });

  it('asks the servers that it was told to', async () => {
    assert.equal(await inPod(cluster, 'inside', addressesOf('www.example')), '203.0.113.1');
    await answersHere('www.corp.example', ['203.0.113.2']);
  });

  it('takes stub domains from the ConfigMap kube-dns', async () => {
    const data = { stubDomains: JSON.stringify({ 'other.example': [`127.0.0.1:${played[2]?.port}`] }) };
    const metadata = { name: 'kube-dns', namespace: 'kube-system' };
    await cluster.client.create<ConfigMap>(configMaps, { metadata, data });
    await answersHere('www.other.example', ['203.0.113.3']);
  });

  it('knows a Service and its endpoints as soon as they are there', async () => {
    const spec = { clusterIP: 'None', selector: { app: 'inside' }, ports: [{ name: 'x', port: 80 }] };
    await cluster.client.create<Service>(services, { metadata: { name: 'new', namespace }, spec });
    const name = `new.${namespace}.svc.cluster.local`;
    const { status } = await cluster.client.get<Pod>(pods, { namespace, name: 'inside' });
    await answersHere(name, [status?.podIP ?? '']);
    await cluster.client.delete(services, { name: 'new', namespace });
    await answersHere(name, 3);
  });

  it('answers again after it was killed', async () => {
    await cluster.kill();
    await cluster.start();
    await answersHere(kubernetes, ['10.96.0.1']);
    assert.equal(await inPod(cluster, 'inside', addressesOf('kubernetes')), '10.96.0.1');
  });

  it('has its address again when another program took it away', async () => {
    await runProgram('ip', ['address', 'delete', '10.96.0.10/32', 'dev', 'lo']);
    await answersHere(kubernetes, ['10.96.0.1']);
  });

  it('makes way for a DNS of the user’s, and comes back', async () => {
    const containers = [
      {
        ...{ name: 'c', image, imagePullPolicy: 'Never' },
        command: ['sh', '-c', `exec chroot /host ${process.execPath} -e '${ownDns}'`],
        volumeMounts: [{ name: 'host', mountPath: '/host', readOnly: true }],
      },
    ];
    await startPod(cluster, 'own-dns', { containers, volumes: [{ name: 'host', hostPath: { path: '/' } }] });
    const key = { namespace: 'kube-system', name: 'kube-dns' };
    // Endpoints of another namespace are not selected: the user's DNS is where its Service is.
    const { status } = await cluster.client.get<Pod>(pods, { namespace, name: 'own-dns' });
    const endpoints = [{ addresses: [status?.podIP ?? ''], conditions: { ready: true } }];
    const ports = [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    ];
    const slice = {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4', endpoints, ports },
      metadata: { name: 'own-dns', namespace: 'kube-system', labels: { 'kubernetes.io/service-name': key.name } },
    };
    const { endpointSlices } = await import('../../api/resources/discovery.ts');
    await cluster.client.create(endpointSlices, slice);
    await answersHere('mine.test', ['198.51.100.7']);
    await eventually('pods reach it', async () => {
      const text = await inPod(cluster, 'inside', `nslookup mine.test. ${dns.address} 2>&1 || true`);
      return text.includes('198.51.100.7');
    });
    await cluster.client.delete(endpointSlices, { name: 'own-dns', namespace: 'kube-system' });
    await answersHere(kubernetes, ['10.96.0.1']);
    await answersHere('mine.test', ['203.0.113.1']);
  });
});

describe('the DNS of a node without nftables', () => {
  let cluster: LocalCluster;
  before(async () => {
    cluster = await LocalCluster.start({ flags: ['--no-demo', '--proxy-mode', 'userspace'] });
  });
  after(() => cluster.remove());

  it('answers pods and the host', async () => {
    await startPod(cluster, 'inside');
    assert.equal(await inPod(cluster, 'inside', addressesOf('kubernetes')), '10.96.0.1');
    await answersHere(kubernetes, ['10.96.0.1']);
  });
});
