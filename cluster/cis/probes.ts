/** How the checks of the benchmark look at a machine: requests and handshakes as anybody may send them, and sockets. */

import { readdir, readFile, readlink } from 'node:fs/promises';
import https from 'node:https';
import tls from 'node:tls';
import { errorCode } from '../../base/error-text.ts';

export interface Caller {
  readonly certificate?: string;
  readonly key?: string;
  readonly token?: string;
}

export interface Asked extends Caller {
  readonly url: string;
  readonly method?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** PEM. Absent: any server will do, which is asked only what it says to strangers. */
  readonly authority?: string | undefined;
}

const timeoutMs = 10_000;

/** The status that a request gets; its connection is its own. Throws when there is no answer. */
export function ask({ url, method = 'GET', body, headers, authority, certificate, key, token }: Asked) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const request = https.request(url, {
      ...{ method, agent: false, timeout: timeoutMs, cert: certificate, key, ca: authority },
      rejectUnauthorized: authority !== undefined,
      headers: { ...headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.on('timeout', () => request.destroy(new Error(`${url} does not answer`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** What becomes of a handshake with these limits; `unknown`: this machine's own library has no such ciphers to offer. */
export type Handshake = 'done' | 'refused' | 'unknown';

export function handshake(host: string, port: number, limits: tls.SecureContextOptions): Promise<Handshake> {
  return new Promise((resolve) => {
    let socket: tls.TLSSocket;
    try {
      socket = tls.connect({ host, port, rejectUnauthorized: false, timeout: timeoutMs, ...limits });
    } catch {
      resolve('unknown');
      return;
    }
    const end = (outcome: Handshake): void => {
      resolve(outcome);
      socket.destroy();
    };
    socket.on('secureConnect', () => end('done'));
    socket.on('timeout', () => end('refused'));
    socket.on('error', (error) => end(errorCode(error) === 'ERR_SSL_NO_CIPHERS_AVAILABLE' ? 'unknown' : 'refused'));
  });
}

export interface ListeningSocket {
  /** `127.0.0.1`, `0.0.0.0`, `::` … */
  readonly address: string;
  readonly port: number;
}

/** What a process listens on by TCP. */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const own = await inodesOf(pid);
  const tables = await Promise.all(['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')));
  return tables.flatMap(parseSockets).filter(({ inode }) => own.has(inode));
}

async function inodesOf(pid: number): Promise<ReadonlySet<string>> {
  const links = await Promise.all(
    (await readdir(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')),
  );
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** Listening ones (state 0A) of a table of the kernel's. */
export function parseSockets(table: string): readonly (ListeningSocket & { readonly inode: string })[] {
  return table.split('\n').flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    const [, local = '', , state, , , , , , inode = ''] = fields;
    const [address = '', port = ''] = local.split(':');
    return state === '0A' ? [{ address: readableAddress(address), port: Number.parseInt(port, 16), inode }] : [];
  });
}

/** The kernel writes addresses in words of the machine's own byte order. */
function readableAddress(hex: string): string {
  if (hex.length === 8) return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
  if (/^0+$/.test(hex)) return '::';
  return hex === '00000000000000000000000001000000' ? '::1' : hex;
}

export const isLoopback = ({ address }: ListeningSocket): boolean => address.startsWith('127.') || address === '::1';
