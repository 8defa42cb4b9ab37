/** What the cluster needs to know of the machine that it runs on, and whether it can run there. */

import { execFile } from 'node:child_process';
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode, errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';

const run = promisify(execFile);
const anyAddress = '0.0.0.0';
const minFreeBytes = 300 << 20;
/** Interfaces of container networks: their addresses come and go, and nobody reaches this machine by them. */
const virtualInterface = /^(lo|veth|docker|br-|longshore|cni|virbr|tun|tap)/;

/** The host name as a node's name: a DNS subdomain. */
export function defaultNodeName(): string {
  const name = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name === '' ? 'node' : name;
}

/** Addresses of this machine that others can reach it by. */
export function hostAddresses(): string[] {
  return Object.entries(networkInterfaces())
    .filter(([name]) => !virtualInterface.test(name))
    .flatMap(([, addresses]) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address);
}

/** The address of the interface with the default route; else any; else loopback, for a machine without network. */
export async function defaultNodeIp(): Promise<string> {
  try {
    const { stdout } = await run('ip', ['-json', 'route', 'get', '192.0.2.1']);
    const [route] = JSON.parse(stdout) as { prefsrc?: string }[];
    if (route?.prefsrc !== undefined) return route.prefsrc;
  } catch {
    // No route out of this machine: any of its addresses will do.
  }
  return hostAddresses()[0] ?? '127.0.0.1';
}

/** Makes the data directory and proves that it can be written to. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  const probe = join(dataDir, `.probe-${process.pid}`);
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o755 });
    await writeFile(probe, 'x'.repeat(4096));
    await rm(probe);
  } catch (cause) {
    const [code, message] = [errorCode(cause), errorText(cause)];
    const advice: Record<string, string> = {
      EACCES: 'Run as root, or choose a folder of your own with --data-dir.',
      EROFS: 'It is on a read-only file system: choose another with --data-dir.',
      ENOSPC: 'The disk is full: make room, or choose another with --data-dir.',
      ENOTDIR: 'Something on this path is not a folder: choose another with --data-dir.',
      EEXIST: 'It is not a folder: choose another with --data-dir.',
    };
    throw new UserError(`${dataDir} cannot hold the data. ${advice[code ?? ''] ?? message}`, { cause });
  }
  const { bavail, bsize } = await statfs(dataDir);
  if (bavail * bsize < minFreeBytes) {
    throw new UserError(
      `Only ${Math.floor((bavail * bsize) / 2 ** 20)} MB are free where ${dataDir} is; a cluster needs 300 MB at the ` +
        'very least. Make room, or choose another place with --data-dir.',
    );
  }
}

export interface WantedPort {
  readonly port: number;
  readonly host?: string;
  /** Who wants it, in a sentence: `the API server`. */
  readonly what: string;
  /** With which flag it is chosen, or what else helps. */
  readonly flag?: string;
  readonly instead?: string;
}

/** Throws a sentence that says why nobody can listen there; who has the port is named. */
export async function checkPort({ port, host = anyAddress, what, flag, instead }: WantedPort): Promise<void> {
  const code = await whyNotListening(port, host);
  if (code === undefined) return;
  if (code === 'EACCES')
    throw new UserError(
      `Port ${port}, which ${what} needs, is for root only. Run as root, or choose one from 1024 on with ${flag}.`,
    );
  if (code === 'EADDRNOTAVAIL')
    throw new UserError(`${host}, where ${what} is to listen, is no address of this machine.`);
  const owner = await ownerOfPort(port);
  throw new UserError(
    `Port ${port}, which ${what} needs, is taken${owner === undefined ? '' : ` by ${owner}`}. ` +
      `Stop that program, or ${instead ?? `choose another port with ${flag}`}.`,
  );
}

export async function canListen(port: number, host = anyAddress): Promise<boolean> {
  return (await whyNotListening(port, host)) === undefined;
}

/** The kernel's code; undefined: the port is free. */
async function whyNotListening(port: number, host: string): Promise<string | undefined> {
  return await new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', ({ code, message }: NodeJS.ErrnoException) => resolve(code ?? message));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

async function ownerOfPort(port: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ss', ['-Hltnp', `sport = :${port}`]);
    const [, name, pid] = /\("([^"]+)",pid=(\d+)/.exec(stdout) ?? [];
    return name === undefined ? undefined : `${name} (process ${pid})`;
  } catch {
    return undefined; // the sentence is still true without the name
  }
}
