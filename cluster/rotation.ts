/** `kubecfg certs rotate-ca`: the steps of a rotation one after the other, each after everybody has heard of the one before. */

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { dump, load } from 'js-yaml';
import { clusterInfo } from '../api/joining-tokens.ts';
import { isRecord } from '../api/json-record.ts';
import { certificateSigningRequests } from '../api/resources/certificates.ts';
import { configMaps, nodes } from '../api/resources/core.ts';
import { systemClock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import { silentLogger } from '../base/logger.ts';
import { certificatesOf } from '../base/pem.ts';
import type { Terminal } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import type { Client } from '../client/client.ts';

import { ifPresent } from '../client/if-present.ts';
import { readKubeconfig } from '../client/kubeconfig.ts';
import { createRestClient } from '../client/rest-client.ts';
import type { AuthorityName } from './authorities.ts';
import { readPair } from './pki-files.ts';
import { nextStep, type RotationStep, takeStep } from './rotate-authority.ts';

export interface RotateOptions {
  readonly dataDir: string;
  readonly authority: AuthorityName;
  /** Only this one. Default: all that are left. */
  readonly step: RotationStep | undefined;
  /** Nodes are not waited for. */
  readonly force: boolean;
}

/** Components of this machine look every few seconds. */
const localMs = 15_000;
/** Other nodes look twice a minute. */
const remoteMs = 75_000;
const lookMs = 2_000;
/** A node renews its client certificate within this, or is asked about. */
const nodesMs = 600_000;

const done: Readonly<Record<RotationStep, string>> = {
  trust:
    'Two authorities are trusted now; the old one signs. Copies of admin.kubeconfig elsewhere need this bundle before the next step.',
  switch: 'The new authority signs now, and has signed all certificates here again. The old one is trusted still.',
  drop: 'The old authority is trusted no more. Pods see the new one alone within a minute or two.',
};

export async function rotate(terminal: Terminal, options: RotateOptions): Promise<void> {
  const { out, signal } = terminal;
  const now = () => Date.now();
  for (;;) {
    const next = options.step ?? (await nextStep({ ...options, now: now() }));
    if (next === 'drop') await waitForNodes(terminal, options);
    if (signal.aborted) return;
    const bundle = await takeStep(next, { ...options, now: now() });
    if (options.authority === 'ca') await publish(terminal, options.dataDir, bundle);
    out.write(`${next}: ${done[next]}\n`);
    if (next === 'drop' || options.step !== undefined) return;
    await pause(terminal, options);
    if (signal.aborted) return;
  }
}

async function pause({ out, signal }: Terminal, options: RotateOptions): Promise<void> {
  const isAlone =
    options.force || (await withClient(options.dataDir, (client) => otherNodes(client, options.dataDir))).length === 0;
  const ms = isAlone ? localMs : remoteMs;
  out.write(`Waiting ${ms / 1000} s for everybody to hear of it. Ctrl-C stops here; the same command goes on.\n`);
  await systemClock.sleep(ms, signal);
}

/** For nodes that join, and those that have: they read it there. */
async function publish({ errors }: Terminal, dataDir: string, bundle: string): Promise<void> {
  try {
    await withClient(dataDir, async (client) => {
      const found = await ifPresent(client.get(configMaps, clusterInfo));
      const kubeconfig = found?.data?.kubeconfig === undefined ? undefined : load(found.data.kubeconfig);
      if (!isRecord(kubeconfig) || !Array.isArray(kubeconfig.clusters)) return;
      const clusters = kubeconfig.clusters.map((entry: unknown) => withAuthority(entry, bundle));
      const body = { data: { kubeconfig: dump({ ...kubeconfig, clusters }, { lineWidth: -1 }) } };
      await client.patch(configMaps, clusterInfo, { type: 'merge', body });
    });
  } catch (error) {
    errors.write(`Other nodes could not be told (ConfigMap kube-public/cluster-info): ${errorText(error)}\n`);
  }
}

function withAuthority(entry: unknown, bundle: string): unknown {
  if (!isRecord(entry) || !isRecord(entry.cluster)) return entry;
  const data = Buffer.from(bundle).toString('base64');
  return { ...entry, cluster: { ...entry.cluster, 'certificate-authority-data': data } };
}

/** Until each other node has a client certificate of the authority that signs now: those of the old one end with it. */
async function waitForNodes({ out, signal }: Terminal, options: RotateOptions): Promise<void> {
  const { dataDir, authority, force } = options;
  if (authority !== 'ca' || force) return;
  const end = systemClock.monotonic() + nodesMs;
  for (let last = ''; !signal.aborted; ) {
    const waiting = await withClient(dataDir, (client) => nodesBehind(client, dataDir));
    if (waiting.length === 0) return;
    const text = waiting.join(', ');
    if (text !== last) out.write(`Waiting for new client certificates of: ${text}\n`);
    last = text;
    if (systemClock.monotonic() > end)
      throw new UserError(
        `These nodes have not renewed their client certificates: ${text}. Look at their kubelets and run this again, or ` +
          'give them up with --force: they have to join again then.',
      );
    await systemClock.sleep(lookMs, signal);
  }
}

async function nodesBehind(client: Client, dataDir: string): Promise<string[]> {
  const signing = await signingCertificate(dataDir);
  const { items } = await client.list(certificateSigningRequests);
  const renewed = new Set(
    items
      .filter(({ spec, status }) => spec.signerName.endsWith('-kubelet') && isSignedBy(signing, status?.certificate))
      .map(({ spec }) => spec.username),
  );
  return (await otherNodes(client, dataDir)).filter((name) => !renewed.has(`system:node:${name}`));
}

function isSignedBy(signing: X509Certificate, base64: string | undefined): boolean {
  const [certificate] = certificatesOf(Buffer.from(base64 ?? '', 'base64').toString());
  return certificate !== undefined && new X509Certificate(certificate).verify(signing.publicKey);
}

async function signingCertificate(dataDir: string): Promise<X509Certificate> {
  const { readAuthority } = await import('./authorities.ts');
  const authority = await readAuthority(join(dataDir, 'pki'), 'ca');
  if (authority === undefined) throw new UserError(`${dataDir} holds no authority`);
  return new X509Certificate(authority.certificate);
}

/** Whose certificates are not files of this data directory. */
async function otherNodes(client: Client, dataDir: string): Promise<string[]> {
  const own = await readPair(join(dataDir, 'pki'), 'kubelet');
  const subject = own === undefined ? '' : new X509Certificate(own.certificate).subject;
  const { items } = await client.list(nodes);
  return items
    .map(({ metadata }) => metadata.name)
    .filter((name) => !subject.split('\n').includes(`CN=system:node:${name}`));
}

async function withClient<T>(dataDir: string, work: (client: Client) => Promise<T>): Promise<T> {
  const connection = await readKubeconfig(join(dataDir, 'admin.kubeconfig'));
  const client = createRestClient(connection, { userAgent: 'longshore-certs', logger: silentLogger });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
