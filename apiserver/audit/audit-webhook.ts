/** Events as EventLists, posted to the server that a file in the form of a kubeconfig names. */

import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { dirname, resolve } from 'node:path';
import { load } from 'js-yaml';
import { isRecord, type JsonRecord } from '../../api/json-record.ts';
import { errorText } from '../../base/error-text.ts';
import { UserError } from '../../base/user-error.ts';
import type { AuditSink } from './audit-queue.ts';

export interface WebhookTarget {
  readonly url: string;
  /** PEM. */
  readonly certificateAuthority?: string | undefined;
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly token?: string | undefined;
  readonly tlsServerName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
}

const timeoutMs = 10_000;

export class AuditWebhook implements AuditSink {
  readonly name = 'webhook';
  readonly #target: WebhookTarget;
  readonly #agent: http.Agent;

  constructor(target: WebhookTarget) {
    this.#target = target;
    const { certificateAuthority: ca, clientCertificate: cert, clientKey: key, tlsServerName: servername } = target;
    const kept = { keepAlive: true, maxSockets: 1 };
    this.#agent = target.url.startsWith('http:')
      ? new http.Agent(kept)
      : new https.Agent({
          ...kept,
          ...(ca !== undefined && { ca }),
          ...(cert !== undefined && { cert, key }),
          ...(servername !== undefined && { servername }),
          ...(target.insecureSkipTlsVerify && { rejectUnauthorized: false }),
        });
  }

  async write(events: readonly string[], signal: AbortSignal): Promise<void> {
    const list = `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[${events.join(',')}]}`;
    const code = await this.#post(Buffer.from(list), AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    if (code < 200 || code > 299) throw new Error(`the audit webhook answered ${code}`);
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: Buffer, signal: AbortSignal): Promise<number> {
    const { url, token } = this.#target;
    const headers = {
      'content-type': 'application/json',
      'content-length': body.length,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return new Promise((settle, reject) => {
      const protocol = url.startsWith('http:') ? http : https;
      const request = protocol.request(url, { method: 'POST', agent: this.#agent, headers, signal }, (response) => {
        // Nobody reads it; the connection is free when it is over.
        response.resume();
        response.on('error', reject);
        response.on('end', () => settle(response.statusCode ?? 0));
      });
      request.on('error', reject);
      request.end(body);
    });
  }
}

/** Reads `--audit-webhook-config-file`. Throws UserError, which names the file and never shows what is in it. */
export async function readWebhookTarget(path: string): Promise<WebhookTarget> {
  const refuse = (why: string) => new UserError(`--audit-webhook-config-file ${path}: ${why}`);
  const read = async (file: string) => {
    try {
      return await readFile(resolve(dirname(path), file), 'utf8');
    } catch (error) {
      throw refuse(errorText(error));
    }
  };
  const root = parse(await read(path));
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
  return {
    url,
    certificateAuthority: await pem(cluster, 'certificate-authority'),
    clientCertificate: await pem(user, 'client-certificate'),
    clientKey: await pem(user, 'client-key'),
    token: tokenFile === undefined ? textOf(user, 'token') : (await read(tokenFile)).trim(),
    tlsServerName: textOf(cluster, 'tls-server-name'),
    insecureSkipTlsVerify: cluster['insecure-skip-tls-verify'] === true,
  };
}

function parse(text: string): JsonRecord | undefined {
  try {
    const root = load(text);
    return isRecord(root) ? root : undefined;
  } catch {
    // Its message would show what is in the file.
    return undefined;
  }
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
