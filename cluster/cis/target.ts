/** The running cluster of a data directory, as the checks look at it. */

import { X509Certificate } from 'node:crypto';
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { nodes } from '../../api/resources/core.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { silentLogger } from '../../base/logger.ts';
import { UserError } from '../../base/user-error.ts';
import type { Client } from '../../client/client.ts';
import type { Connection } from '../../client/connection.ts';
import { readKubeconfig } from '../../client/kubeconfig.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { ownerOf } from '../instance-lock.ts';

export interface FileFacts {
  readonly path: string;
  /** Permissions alone: 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export class CisTarget {
  readonly dataDir: string;
  readonly connection: Connection;
  readonly client: Client;
  /** Of the process that runs the cluster. */
  readonly pid: number;
  /** As it was started. */
  readonly flags: readonly string[];

  private constructor(dataDir: string, connection: Connection, pid: number, flags: readonly string[]) {
    this.dataDir = dataDir;
    this.connection = connection;
    this.pid = pid;
    this.flags = flags;
    this.client = createRestClient(connection, { userAgent: 'longshore-cis', logger: silentLogger, onWarning() {} });
  }

  /** Throws `UserError` when no cluster runs on the directory. */
  static async open(dataDir: string): Promise<CisTarget> {
    const pid = await ownerOf(dataDir);
    if (pid === undefined) throw new UserError(`No cluster runs on ${dataDir}: start it, or name another --data-dir.`);
    const connection = await readKubeconfig(join(dataDir, 'admin.kubeconfig'));
    const flags = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    return new CisTarget(dataDir, connection, pid, flags);
  }

  get server(): URL {
    return new URL(this.connection.servers[0] ?? '');
  }

  get authority(): string | undefined {
    return this.connection.certificateAuthority;
  }

  get admin() {
    const { clientCertificate: certificate = '', clientKey: key = '' } = this.connection;
    return { certificate, key };
  }

  path(...names: readonly string[]): string {
    return join(this.dataDir, ...names);
  }

  /** Undefined: there is none. */
  async file(...names: readonly string[]): Promise<FileFacts | undefined> {
    const path = this.path(...names);
    const found = await ifFilePresent(lstat(path));
    return found && { path, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid };
  }

  /** Files of the folder whose names end so. */
  async filesIn(folder: string, ending = ''): Promise<readonly FileFacts[]> {
    const names = ((await ifFilePresent(readdir(this.path(folder)))) ?? []).filter((name) => name.endsWith(ending));
    const facts = await Promise.all(names.map((name) => this.file(folder, name)));
    return facts.filter((one) => one !== undefined);
  }

  async certificate(name: string): Promise<X509Certificate | undefined> {
    const text = await ifFilePresent(readFile(this.path('pki', `${name}.crt`), 'utf8'));
    return text === undefined ? undefined : new X509Certificate(text);
  }

  async keyPair(name: string): Promise<{ readonly certificate: string; readonly key: string } | undefined> {
    const read = (ending: string) => ifFilePresent(readFile(this.path('pki', `${name}.${ending}`), 'utf8'));
    const [certificate, key] = [await read('crt'), await read('key')];
    return certificate === undefined || key === undefined ? undefined : { certificate, key };
  }

  /** `--name value` or `--name=value` of the process. */
  flag(name: string): string | undefined {
    const at = this.flags.findIndex((one) => one === `--${name}` || one.startsWith(`--${name}=`));
    const found = this.flags[at];
    return found?.includes('=') ? found.slice(found.indexOf('=') + 1) : at < 0 ? undefined : (this.flags[at + 1] ?? '');
  }

  async all<T extends KubernetesObject>(resource: Resource<T>): Promise<readonly Stored<T>[]> {
    return (await this.client.list(resource)).items;
  }

  /** The kubelet of this machine's node, as the API server reaches it. */
  async kubelet(): Promise<{ readonly host: string; readonly port: number; readonly node: string } | undefined> {
    const name = this.flag('node-name');
    const all = await this.all(nodes);
    const node = all.find(({ metadata }) => name === undefined || metadata.name === name);
    const host = node?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
    const port = node?.status?.daemonEndpoints?.kubeletEndpoint?.Port;
    return node === undefined || host === undefined || port === undefined
      ? undefined
      : { host, port, node: node.metadata.name };
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
