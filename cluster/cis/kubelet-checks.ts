/** Section 4.2: whom the kubelet of this machine lets in, and how. */

import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:net';
import tls from 'node:tls';
import { pods } from '../../api/resources/core.ts';
import { foreignCaller, refusesWeakTls } from './api-server-checks.ts';
import { type CisCheck, fail, look, none, type Outcome, pass } from './check.ts';
import { ask, type Caller } from './probes.ts';
import type { CisTarget } from './target.ts';

interface Kubelet {
  readonly host: string;
  readonly port: number;
}

const ofKubelet = (
  id: string,
  title: string,
  lookAt: (kubelet: Kubelet, target: CisTarget) => Promise<Outcome>,
): CisCheck => ({
  id,
  title,
  async look(target) {
    const kubelet = await target.kubelet();
    return kubelet === undefined ? none('there is no node') : await lookAt(kubelet, target);
  },
});

async function refuses(
  { host, port }: Kubelet,
  who: string,
  caller: Caller,
  codes: readonly number[],
): Promise<Outcome> {
  const { status } = await ask({ url: `https://${host}:${port}/pods`, ...caller });
  return codes.includes(status) ? pass(`${who} gets ${status}`) : fail(`${who} gets ${status}`);
}

function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 5_000 });
    const end = (open: boolean): void => {
      resolve(open);
      socket.destroy();
    };
    socket.on('connect', () => end(true));
    socket.on('timeout', () => end(false));
    socket.on('error', () => end(false));
  });
}

function servingCertificate({ host, port }: Kubelet): Promise<X509Certificate | undefined> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false, timeout: 10_000 }, () => {
      resolve(socket.getPeerX509Certificate());
      socket.destroy();
    });
    socket.on('timeout', () => socket.destroy(new Error('no answer')));
    socket.on('error', reject);
  });
}

async function renewedCertificate(certificate: X509Certificate | undefined): Promise<Outcome> {
  if (certificate === undefined) return fail('there is none');
  const [start, end] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
  const left = end - Date.now();
  const days = Math.floor(left / 86_400_000);
  return left > (end - start) / 6
    ? pass(`good for ${days} days more`)
    : fail(`${days} days are left: it should be renewed by now`);
}

export const kubeletChecks: readonly CisCheck[] = [
  ofKubelet('4.2.1', 'Strangers are refused by the kubelet', (kubelet) =>
    refuses(kubelet, 'a stranger', {}, [401, 403]),
  ),
  ofKubelet('4.2.2', 'The kubelet asks what a caller may do', async (kubelet, target) => {
    const scheduler = await target.keyPair('scheduler');
    return scheduler === undefined
      ? fail('there is no pki/scheduler.crt to ask with')
      : await refuses(kubelet, 'the scheduler', scheduler, [401, 403]);
  }),
  ofKubelet('4.2.3', 'The kubelet believes only certificates of the cluster', async (kubelet) =>
    refuses(
      kubelet,
      'a certificate of another authority',
      await foreignCaller('kube-apiserver-kubelet-client'),
      [401, 403],
    ),
  ),
  ofKubelet('4.2.4', 'The kubelet has no port without authentication', async ({ host }) =>
    (await isOpen(host, 10_255)) ? fail(`${host}:10255 is open`) : pass(`${host}:10255 is closed`),
  ),
  ofKubelet(
    '4.2.9',
    "The kubelet's certificate is of the cluster's authority for kubelets",
    async (kubelet, target) => {
      const [authority, certificate] = [await target.certificate('kubelet-ca'), await servingCertificate(kubelet)];
      if (authority === undefined || certificate === undefined)
        return fail('pki/kubelet-ca.crt or the certificate is missing');
      return certificate.verify(authority.publicKey)
        ? pass(certificate.subject.split('\n').join(', '))
        : fail('it is of another');
    },
  ),
  ofKubelet('4.2.10', "The kubelet's own certificate is renewed", async (_kubelet, target) =>
    renewedCertificate(await target.certificate('kubelet')),
  ),
  ofKubelet('4.2.11', "The certificate of the kubelet's server is renewed", async (kubelet) =>
    renewedCertificate(await servingCertificate(kubelet)),
  ),
  ofKubelet('4.2.12', 'The kubelet takes strong ciphers only', ({ host, port }) => refusesWeakTls(host, port)),
  ofKubelet('4.2.13', 'Pods have a limit of processes', async (_kubelet, target) => {
    const limit = target.flag('pod-max-pids');
    if (limit === '-1') return fail('--pod-max-pids -1: there is no limit');
    const running = (await target.all(pods)).filter(({ status }) => status?.phase === 'Running').length;
    return look(
      `${limit ?? 'at most 4096'} for each container of ${running} running pods; "docker inspect" shows PidsLimit`,
    );
  }),
];
