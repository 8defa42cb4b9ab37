/**
 * The first words between a host that joins and a server that it has only heard of.
 *
 *   TLS, whoever it is ─► GET cluster-info, as nobody ─► its CA ─► is it the one the token names? ─► TLS anew, against
 *   that CA and the server's name ─► only now anything that is secret
 *
 * Nothing that is sent before the last arrow is worth anything to who stands between.
 */

import { once } from 'node:events';
import http from 'node:http';
import { isIP } from 'node:net';
import tls from 'node:tls';
import { clusterInfo } from '../../api/joining-tokens.ts';
import { isRecord } from '../../api/json-record.ts';
import { errorCode } from '../../base/error-text.ts';
import { networkErrorText } from '../../base/network-error-text.ts';
import { UserError } from '../../base/user-error.ts';
import { readIntroduction } from './introduction.ts';
import { authorityHashOf } from './join-token.ts';

export interface Target {
  readonly host: string;
  readonly port: number;
}

export interface Answer {
  readonly code: number;
  /** What the server's clock says, to the second; undefined: it does not say. */
  readonly serverTime: number | undefined;
  readonly body: unknown;
}

export interface Question {
  readonly path: string;
  /** PEM: who must have signed the server's certificate. Absent: anybody; then nothing secret may be asked with. */
  readonly authority?: string;
  /** Sent only to a server that `authority` vouches for. */
  readonly token?: string;
  readonly timeoutMs?: number;
}

const defaultPort = 6443;
const answerLimitBytes = 1 << 20;

export const titleOf = ({ host, port }: Target): string => `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
export const urlOf = (target: Target): string => `https://${titleOf(target)}`;

/** `master`, `10.0.0.1:6443`, `[fd00::1]:6443`, `https://master:6443/`. */
export function parseTarget(text: string): Target {
  const bare = text
    .trim()
    .replace(/^https:\/\//, '')
    .replace(/\/$/, '');
  const [, bracketed, plain, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(bare) ?? [];
  const host = bracketed ?? plain ?? (isIP(bare) === 6 ? bare : undefined);
  const number = Number(port ?? defaultPort);
  if (host === undefined || number < 1 || number > 65535)
    throw new UserError(`"${text}" is no host to join: name one as master, 10.0.0.1 or 10.0.0.1:6443`);
  return { host, port: number };
}

/** Throws errors of the connection; an answer of any code is an answer. */
export async function ask(target: Target, { path, authority, token, timeoutMs = 4_000 }: Question): Promise<Answer> {
  if (token !== undefined && authority === undefined) throw new RangeError('A token is for known servers only');
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = await connectTls(target, authority, signal);
  try {
    const request = http.get({
      createConnection: () => socket,
      host: target.host,
      port: target.port,
      path,
      headers: { accept: 'application/json', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal,
    });
    const [response]: http.IncomingMessage[] = await once(request, 'response', { signal });
    if (response === undefined) throw new Error('No answer');
    const date = Date.parse(response.headers.date ?? '');
    const body = await readBody(response);
    return { code: response.statusCode ?? 0, serverTime: Number.isNaN(date) ? undefined : date, body };
  } finally {
    socket.destroy();
  }
}

/** Resolves once the server has proved who it is, as far as that is asked. */
async function connectTls(target: Target, authority: string | undefined, signal: AbortSignal): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    ...target,
    ...(isIP(target.host) === 0 && { servername: target.host }),
    ...(authority === undefined ? { rejectUnauthorized: false } : { ca: authority }),
  });
  try {
    await once(socket, 'secureConnect', { signal });
    if (authority !== undefined && !socket.authorized) throw new Error('the server’s certificate is not trusted');
    return socket;
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? new Error('no answer to the TLS handshake', { cause: error }) : error;
  }
}

async function readBody(response: http.IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    length += bytes.length;
    if (length > answerLimitBytes) throw new Error('the answer has no end');
    chunks.push(bytes);
  }
  const text = Buffer.concat(chunks).toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export interface Introduction {
  /** PEM: the one certificate that the token names. */
  readonly authority: string;
  readonly serverTime: number | undefined;
}

/** What the server says of its cluster to anybody, and whether that is the cluster of the token. */
export async function introduce(target: Target, authorityHash: string): Promise<Introduction> {
  const { namespace, name } = clusterInfo;
  const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`;
  const { code, body, serverTime } = await ask(target, { path }).catch((error: unknown) => {
    throw new UserError(
      `${titleOf(target)} takes connections, but is no API server of Longshore: ${networkErrorText(error)}. ` +
        'Look at the host and the port: "kubecfg token create" on a master prints the line with both.',
      { cause: error },
    );
  });
  const { authorities } = readIntroduction(body);
  if (code !== 200 || authorities.length === 0) throw new UserError(whyNoIntroduction(target, code, body));
  const authority = authorities.find((one) => authorityHashOf(one) === authorityHash);
  if (authority !== undefined) return { authority, serverTime };
  throw new UserError(
    `The authority (CA) of ${titleOf(target)} is not the one that the token names (${authorityHash.slice(0, 12)}…, not ` +
      `${authorityHashOf(authorities[0] ?? '').slice(0, 12)}…): this is another cluster, or somebody stands between. ` +
      'The token’s secret was not sent. Take the line that "kubecfg token create" prints on a master of the cluster you mean.',
  );
}

function whyNoIntroduction(target: Target, code: number, body: unknown): string {
  const isKubernetes = isRecord(body) && (body.kind === 'Status' || body.kind === 'ConfigMap');
  if (!isKubernetes)
    return (
      `${titleOf(target)} is a web server, but no API server of Longshore (it answered ${code}). Look at the host and the ` +
      'port: "kubecfg token create" on a master prints the line with both.'
    );
  return (
    `${titleOf(target)} is an API server that does not introduce its cluster to hosts that join (it answered ${code}). A ` +
    'cluster of Longshore does since "kubecfg up" has started it: start the master again, and run this once more.'
  );
}

/** A sentence for a server whose certificate is of the right authority's, and not good all the same. */
export function whyCertificateIsRefused(target: Target, error: unknown): string {
  const code = errorCode(error) ?? '';
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return (
      `The certificate of ${titleOf(target)} is ${code === 'CERT_HAS_EXPIRED' ? 'over' : 'not valid yet'} by the clock of ` +
      'this host. If the clock is wrong, set it ("timedatectl set-ntp true"); if it is right, renew the master’s certificates.'
    );
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return (
      `The certificate of the master does not name "${target.host}": ${networkErrorText(error)}. Join by one of the names ` +
      'and addresses that it has.'
    );
  if (/CERT|SIGNATURE|ISSUER|UNABLE/.test(code))
    return (
      `${titleOf(target)} shows the cluster’s CA, but its own certificate is not signed by it (${networkErrorText(error)}): ` +
      'somebody stands between. The token’s secret was not sent.'
    );
  return `${titleOf(target)} does not answer: ${networkErrorText(error)}. Run this again.`;
}
