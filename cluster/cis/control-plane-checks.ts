/** Sections 1.3, 1.4, 2 and 4.3: the controller manager, the scheduler, etcd and the proxy, by what they show and who they are. */

import { readdir, readFile } from 'node:fs/promises';
import { configMaps, namespaces, services } from '../../api/resources/core.ts';
import { dnsServiceKey } from '../../proxy/dns/dns-service.ts';
import { type CisCheck, fail, look, none, noneFound, type Outcome, pass } from './check.ts';
import { isLoopback, type ListeningSocket, listeningSockets } from './probes.ts';
import type { CisTarget } from './target.ts';

/** The API server, the kubelet and the ingress are for others; so are what Services have on each node, and its DNS. */
async function strangeSockets(target: CisTarget): Promise<readonly string[]> {
  const kubelet = await target.kubelet();
  const [first = 30_000, last = 32_767] = (target.flag('node-ports') ?? '').split('-').filter(Boolean).map(Number);
  const ingress = [target.flag('ingress-http-port') ?? '80', target.flag('ingress-https-port') ?? '443'].map(Number);
  const known = [Number(target.server.port || 443), kubelet?.port, ...ingress];
  const sockets = (await listeningSockets(target.pid)).filter((socket) => !isLoopback(socket));
  const dns = (await target.all(services)).find(
    ({ metadata }) => `${metadata.namespace}/${metadata.name}` === dnsServiceKey,
  );
  const isDns = ({ address, port }: ListeningSocket): boolean =>
    port === 53 && (dns?.spec?.clusterIPs ?? []).includes(address);
  return sockets
    .filter((socket) => !known.includes(socket.port) && (socket.port < first || socket.port > last) && !isDns(socket))
    .map(({ address, port }) => `${address}:${port}`);
}

const onlyKnownPorts = (id: string, title: string): CisCheck => ({
  id,
  title,
  look: async (target) =>
    noneFound(
      await strangeSockets(target),
      'the process listens to others on no port but those of the API server, the kubelet, the ingress, Services and the DNS',
      (list) => `the process also listens on ${list}`,
    ),
});

/** Members of `system:masters` are beyond all roles. */
const ownIdentity = (id: string, what: string, file: string, name: string): CisCheck => ({
  id,
  title: `${what} has an identity of its own, with no more rights than it needs`,
  async look(target) {
    const certificate = await target.certificate(file);
    if (certificate === undefined) return fail(`there is no pki/${file}.crt`);
    const subject = certificate.subject.split('\n');
    if (!subject.includes(`CN=${name}`)) return fail(`it is ${subject.join(', ')}`);
    return subject.includes('O=system:masters') ? fail('it is a member of system:masters') : pass(subject.join(', '));
  },
});

async function rootCertificates(target: CisTarget): Promise<Outcome> {
  const all = await target.all(configMaps);
  const trusted = all.filter(({ metadata }) => metadata.name === 'kube-root-ca.crt');
  const authority = (await readFile(target.path('pki', 'ca.crt'), 'utf8')).trim();
  const wrong = trusted.filter(({ data }) => !data?.['ca.crt']?.includes(authority));
  const without = (await target.all(namespaces)).filter(
    ({ metadata, status }) =>
      status?.phase === 'Active' && !trusted.some((one) => one.metadata.namespace === metadata.name),
  );
  return noneFound(
    [...wrong.map(({ metadata }) => metadata.namespace ?? ''), ...without.map(({ metadata }) => metadata.name)],
    `${trusted.length} namespaces have it`,
    (list) => `missing or another in ${list}`,
  );
}

/** The process of an etcd that this cluster started, by the folder that it runs in. */
async function etcdPid(target: CisTarget): Promise<number | undefined> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const [status = '', command = ''] = await Promise.all(
      ['status', 'cmdline'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')),
    );
    const [program = ''] = command.split('\0');
    if (program.split('/').at(-1) === 'etcd' && parentOf(status) === target.pid) return Number(pid);
  }
  return undefined;
}

const parentOf = (status: string): number => Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0);

/** By TCP it would need certificates; on a socket of the machine, folders do as well. */
const etcdOverSocket = (id: string, title: string): CisCheck => ({
  id,
  title,
  async look(target) {
    const servers = target.flag('etcd-servers');
    if (servers !== undefined) {
      return servers.split(',').every((url) => url.startsWith('https://'))
        ? look(`etcd runs elsewhere, behind TLS: ${servers}`)
        : fail(`etcd is spoken to without TLS: ${servers}`);
    }
    const pid = await etcdPid(target);
    if (pid === undefined) return fail('no etcd of this cluster was found');
    const sockets = await listeningSockets(pid);
    if (sockets.length > 0)
      return fail(`etcd listens on ${sockets.map(({ address, port }) => `${address}:${port}`).join(', ')}`);
    const folder = await target.file('etcd');
    return folder !== undefined && (folder.mode & 0o077) === 0
      ? none('etcd listens on no port, only on sockets in a folder that root alone can enter')
      : fail('others can reach the sockets of etcd');
  },
});

const etcdItems: readonly (readonly [string, string])[] = [
  ['2.1', 'etcd serves with a certificate'],
  ['2.2', "etcd checks its clients' certificates"],
  ['2.3', 'etcd makes no certificates for clients by itself'],
  ['2.4', 'Members of etcd serve each other with certificates'],
  ['2.5', "Members of etcd check each other's certificates"],
  ['2.6', 'etcd makes no certificates for members by itself'],
];

export const controlPlaneChecks: readonly CisCheck[] = [
  {
    id: '1.3.1',
    title: 'Ended pods are collected',
    look: async (target) => look(target.flag('terminated-pod-gc-threshold') ?? 'a matter of how many are to be kept'),
  },
  onlyKnownPorts('1.3.2', 'The controller manager shows no profiles'),
  ownIdentity('1.3.3', 'The controller manager', 'controller-manager', 'system:kube-controller-manager'),
  { id: '1.3.5', title: 'Pods are told which authority to trust', look: rootCertificates },
  onlyKnownPorts('1.3.7', 'The controller manager listens to nobody else'),
  onlyKnownPorts('1.4.1', 'The scheduler shows no profiles'),
  onlyKnownPorts('1.4.2', 'The scheduler listens to nobody else'),
  ownIdentity('1.4.3', 'The scheduler', 'scheduler', 'system:kube-scheduler'),
  ...etcdItems.map(([id, title]) => etcdOverSocket(id, title)),
  {
    id: '2.7',
    title: "etcd's authority is another than the cluster's",
    async look(target) {
      const [cluster, etcd] = [await target.certificate('ca'), await target.certificate('etcd-ca')];
      if (cluster === undefined || etcd === undefined) return fail('pki/ca.crt or pki/etcd-ca.crt is missing');
      return cluster.fingerprint256 === etcd.fingerprint256
        ? fail('they are one')
        : pass('pki/etcd-ca.crt is another than pki/ca.crt');
    },
  },
  onlyKnownPorts('4.3.1', 'The proxy shows its figures to nobody else'),
];
