/** Reads a kubeconfig file (the format of kubectl) into a `Connection`. Says plainly what is missing or not supported. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { load } from 'js-yaml';
import { isRecord } from '../api/json-record.ts';
import { readSettledPair } from '../base/renewed-key-pair.ts';
import type { Connection } from './connection.ts';
import { mergeKubeconfigs } from './merged-kubeconfig.ts';

/** A kubeconfig that cannot be used; the message names the file and the place in it. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

type KubeconfigEntry = Readonly<Record<string, unknown>>;

/**
 * The connection of `contextName`, or of the current context. Of several files the first that has an entry is right, and
 * those that are not there are passed over. Relative paths are relative to the file that has them.
 */
export async function readKubeconfig(paths: string | readonly string[], contextName?: string): Promise<Connection> {
  const { path, root } = typeof paths === 'string' ? await readOne(paths) : await readMerged(paths);
  const file = new KubeconfigFile(path, root);
  const context = file.context(contextName);
  const cluster = file.named('clusters', 'cluster', file.text(context, 'cluster', 'context'));
  const userName = optionalText(context, 'user');
  const user = userName === undefined ? {} : file.named('users', 'user', userName);
  refuseUnsupported(path, cluster, user);

  const namespace = optionalText(context, 'namespace');
  const tlsServerName = optionalText(cluster, 'tls-server-name');
  const certificateAuthority = await file.pem(cluster, 'certificate-authority');
  const clientCertificate = await file.pem(user, 'client-certificate');
  const clientKey = await file.pem(user, 'client-key');
  if ((clientCertificate === undefined) !== (clientKey === undefined)) {
    throw new KubeconfigError(`${path}: user ${userName}: client-certificate and client-key belong together`);
  }
  const { clientFiles } = file.clientFiles(user);
  // They may be on the way to being replaced.
  const settled = clientFiles === undefined ? undefined : await readSettledPair(clientFiles);
  return {
    servers: file.text(cluster, 'server', 'cluster').split(','),
    ...(certificateAuthority !== undefined && { certificateAuthority }),
    ...file.authorityFile(cluster),
    ...(clientCertificate !== undefined && { clientCertificate }),
    ...(clientKey !== undefined && { clientKey }),
    ...(settled && { clientCertificate: settled.certificate, clientKey: settled.key }),
    ...(clientFiles && { clientFiles }),
    ...file.token(user),
    ...impersonation(user),
    ...(cluster['insecure-skip-tls-verify'] === true && { insecureSkipTlsVerify: true }),
    ...(tlsServerName !== undefined && { tlsServerName }),
    ...(namespace !== undefined && { namespace }),
  };
}

interface ReadFile {
  readonly path: string;
  readonly root: KubeconfigEntry;
}

const readOne = async (path: string): Promise<ReadFile> => ({
  path,
  root: parse(path, await readNamedFile(path, `kubeconfig ${path}`)),
});

/** The files as one, whose paths are absolute. */
async function readMerged(paths: readonly string[]): Promise<ReadFile> {
  const [first, ...others] = paths;
  if (first !== undefined && others.length === 0) return await readOne(first);
  const files: ReadFile[] = [];
  for (const path of paths) {
    if (existsSync(path)) files.push(await readOne(path));
  }
  return { path: files.map(({ path }) => path).join(':'), root: mergeKubeconfigs(files) };
}

class KubeconfigFile {
  readonly #path: string;
  readonly #root: KubeconfigEntry;

  constructor(path: string, root: KubeconfigEntry) {
    this.#path = path;
    this.#root = root;
  }

  context(name: string | undefined): KubeconfigEntry {
    const chosen = name ?? optionalText(this.#root, 'current-context');
    if (chosen === undefined) throw new KubeconfigError(`${this.#path}: no current-context: name a context`);
    return this.named('contexts', 'context', chosen);
  }

  /** The entry called `name` of a list such as `clusters: [{name, cluster}]`. */
  named(list: string, field: string, name: string): KubeconfigEntry {
    const entries = this.#root[list];
    const found = (Array.isArray(entries) ? entries : []).map(asEntry).find((entry) => entry.name === name);
    if (found === undefined) throw new KubeconfigError(`${this.#path}: no ${field} named "${name}"`);
    return asEntry(found[field]);
  }

  text(entry: KubeconfigEntry, field: string, where: string): string {
    const value = optionalText(entry, field);
    if (value === undefined) throw new KubeconfigError(`${this.#path}: ${where}: ${field} is missing`);
    return value;
  }

  /** PEM text from `<field>-data` (base64) or from the file that `<field>` names. */
  async pem(entry: KubeconfigEntry, field: string): Promise<string | undefined> {
    const data = optionalText(entry, `${field}-data`);
    if (data !== undefined) return this.#decode(data, `${field}-data`);
    const file = optionalText(entry, field);
    return file === undefined ? undefined : await readNamedFile(this.#resolve(file), `${this.#path}: ${field}`);
  }

  /** Only where it is a file: data does not change. */
  authorityFile(cluster: KubeconfigEntry): Pick<Connection, 'authorityFile'> {
    const file = optionalText(cluster, 'certificate-authority');
    if (cluster['certificate-authority-data'] !== undefined || file === undefined) return {};
    return { authorityFile: this.#resolve(file) };
  }

  /** Only where both are files: data does not change. */
  clientFiles(user: KubeconfigEntry): Pick<Connection, 'clientFiles'> {
    const isData = user['client-certificate-data'] !== undefined || user['client-key-data'] !== undefined;
    const [certificate, key] = [optionalText(user, 'client-certificate'), optionalText(user, 'client-key')];
    if (isData || certificate === undefined || key === undefined) return {};
    return { clientFiles: { certificateFile: this.#resolve(certificate), keyFile: this.#resolve(key) } };
  }

  token(user: KubeconfigEntry): Pick<Connection, 'token' | 'tokenFile'> {
    const tokenFile = optionalText(user, 'tokenFile');
    if (tokenFile !== undefined) return { tokenFile: this.#resolve(tokenFile) };
    const token = optionalText(user, 'token');
    return token === undefined ? {} : { token };
  }

  #decode(data: string, field: string): string {
    const text = Buffer.from(data, 'base64').toString();
    if (!text.includes('-----BEGIN ')) throw new KubeconfigError(`${this.#path}: ${field} is not a PEM text in base64`);
    return text;
  }

  #resolve(file: string): string {
    return resolve(dirname(this.#path), file);
  }
}

function refuseUnsupported(path: string, cluster: KubeconfigEntry, user: KubeconfigEntry): void {
  const unsupported = [
    ...['proxy-url'].filter((field) => optionalText(cluster, field) !== undefined),
    ...['exec', 'auth-provider', 'username', 'password'].filter((field) => user[field] !== undefined),
  ];
  if (unsupported.length === 0) return;
  throw new KubeconfigError(
    `${path}: ${unsupported.join(', ')}: not supported; use a client certificate, token or tokenFile`,
  );
}

function impersonation(user: KubeconfigEntry): Pick<Connection, 'impersonate'> {
  const name = optionalText(user, 'as');
  if (name === undefined) return {};
  const groups: unknown[] = Array.isArray(user['as-groups']) ? user['as-groups'] : [];
  const extra = Object.entries(asEntry(user['as-user-extra'])).map(([key, values]) => [
    key,
    [values].flat().map(String),
  ]);
  return {
    impersonate: {
      user: name,
      uid: optionalText(user, 'as-uid'),
      groups: groups.map(String),
      extra: Object.fromEntries(extra),
    },
  };
}

async function readNamedFile(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new KubeconfigError(`${what}: cannot read ${path}`, { cause });
  }
}

function parse(path: string, text: string): KubeconfigEntry {
  try {
    return asEntry(load(text));
  } catch (cause) {
    throw new KubeconfigError(`kubeconfig ${path}: neither YAML nor JSON`, { cause });
  }
}

const asEntry = (value: unknown): KubeconfigEntry => (isRecord(value) ? value : {});

function optionalText(entry: KubeconfigEntry, field: string): string | undefined {
  const value = entry[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
