/** The server that a webhook asks, and as whom: what a file in the form of a kubeconfig says of it. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { parseKubeconfig } from './parse-kubeconfig.ts';

export interface WebhookTarget {
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly token?: string | undefined;
  readonly basic?: { readonly username: string; readonly password: string } | undefined;
  readonly tlsServerName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
}

/** `named`: where the path stands, a flag or a field. Throws UserError, which names the file and never shows what is in it. */
export async function readWebhookTarget(path: string, named: string): Promise<WebhookTarget> {
  const refuse = (why: string) => new UserError(`${named} ${path}: ${why}`);
  const read = async (file: string) => {
    try {
      return await readFile(resolve(dirname(path), file), 'utf8');
    } catch (error) {
      throw refuse(errorText(error));
    }
  };
  const root = parseKubeconfig(await read(path));
  if (root === undefined) throw refuse('neither YAML nor JSON');
  const context = entry(root, 'contexts', 'context', textOf(root, 'current-context'));
  const cluster = entry(root, 'clusters', 'cluster', context && textOf(context, 'cluster'));
  const user = entry(root, 'users', 'user', context && textOf(context, 'user')) ?? {};
  const url = cluster && textOf(cluster, 'server');
  if (cluster === undefined || url === undefined) throw refuse('the current context names no cluster with a server');
  if (!/^https?:\/\//.test(url)) throw refuse(`server: must be a URL of http or https`);
  const pem = async (from: JsonRecord, field: string) => {
    const data = textOf(from, `${field}-data`);
    if (data !== undefined) return Buffer.from(data, 'base64').toString();
    const file = textOf(from, field);
    return file === undefined ? undefined : await read(file);
  };
  const tokenFile = textOf(user, 'tokenFile');
  const target: WebhookTarget = {
    url,
    certificateAuthority: await pem(cluster, 'certificate-authority'),
    clientCertificate: await pem(user, 'client-certificate'),
    clientKey: await pem(user, 'client-key'),
    token: tokenFile === undefined ? textOf(user, 'token') : (await read(tokenFile)).trim(),
    tlsServerName: textOf(cluster, 'tls-server-name'),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
  };
  const wrong = whyUnusable(target);
  if (wrong !== undefined) throw refuse(wrong);
  return target;
}

/** What would fail at each connection is said at once. */
function whyUnusable({ certificateAuthority, clientCertificate: cert, clientKey: key }: WebhookTarget) {
  if ((cert === undefined) !== (key === undefined)) return 'client-certificate and client-key belong together';
  try {
    if (certificateAuthority !== undefined) new X509Certificate(certificateAuthority);
  } catch {
    return 'certificate-authority is no certificate in PEM';
  }
  try {
    if (cert !== undefined) createSecureContext({ cert, key });
  } catch {
    return 'client-certificate and client-key are no certificate in PEM with its key';
  }
  return undefined;
}

const accountFolder = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The API server of the cluster that this process is a pod of, at `path`. Throws UserError when it is none. */
export async function inClusterTarget(path: string, environment: NodeJS.ProcessEnv): Promise<WebhookTarget> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = environment;
  if (!host || !port)
    throw new UserError(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
  const read = async (name: string) => {
    try {
      return await readFile(join(accountFolder, name), 'utf8');
    } catch (error) {
      throw new UserError(`in-cluster configuration: ${errorText(error)}`);
    }
  };
  const address = host.includes(':') ? `[${host}]` : host;
  const [certificateAuthority, token] = [await read('ca.crt'), (await read('token')).trim()];
  return { url: `https://${address}:${port}${path}`, certificateAuthority, token };
}

function entry(root: JsonRecord, list: string, field: string, name: string | undefined): JsonRecord | undefined {
  const entries = Array.isArray(root[list]) ? root[list].filter(isRecord) : [];
  const found = entries.find((one) => name === undefined || one.name === name)?.[field];
  return isRecord(found) ? found : undefined;
}

const textOf = (record: JsonRecord, field: string): string | undefined => {
  const value = record[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
};
