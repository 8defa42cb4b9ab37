/**
 * The etcd of a cluster on one machine. It listens on unix sockets in a folder that only its owner can enter: no port
 * is taken, nobody else can reach what it keeps, and it answers faster than through TCP.
 */

import http from 'node:http';
import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { ensurePrivateFolder } from '../base/private-folder.ts';
import { UserError } from '../base/user-error.ts';
import { startChild } from './child-process.ts';
import { freeSocket } from './dead-socket.ts';
import { adviceOnEtcd } from './etcd-advice.ts';

export interface EtcdOptions {
  /** Holds the sockets, the data and the log. */
  readonly folder: string;
  readonly logger: Logger;
}

/** The longest path that a unix socket can have. */
const maxSocketPath = 107;
const goneWithinMs = 30_000;

export async function startEtcd({ folder, logger }: EtcdOptions): Promise<Running & { readonly endpoint: string }> {
  await ensurePrivateFolder(folder);
  const socket = join(folder, 'client:0');
  if (socket.length > maxSocketPath) {
    throw new Error(`${folder} is too long a path for etcd's socket: choose a shorter --data-dir`);
  }
  const running = await startChild({
    name: 'etcd',
    command: 'etcd',
    // etcd wants host:port in its URLs, and makes sockets of these names in its working folder.
    arguments: [
      ...['--name', 'longshore', '--data-dir', 'data', '--logger', 'zap', '--log-level', 'warn'],
      ...['--listen-client-urls', 'unix://client:0', '--advertise-client-urls', 'unix://client:0'],
      ...['--listen-peer-urls', 'unix://peer:0', '--initial-advertise-peer-urls', 'unix://peer:0'],
      ...['--initial-cluster', 'longshore=unix://peer:0'],
      // Less of the log in memory than the default of 100,000 entries.
      ...['--snapshot-count', '10000', '--quota-backend-bytes', String(8 * 2 ** 30)],
    ],
    cwd: folder,
    // etcd 3.4 takes ARM for experimental unless told otherwise.
    environment: { ETCD_UNSUPPORTED_ARCH: process.arch === 'arm64' ? 'arm64' : '' },
    logFile: join(folder, 'etcd.log'),
    advice: (endOfOutput) => adviceOnEtcd(endOfOutput, folder),
    prepare: () => freeSockets(folder),
    logger,
    isReady: () => isHealthy(socket),
  });
  return Object.assign(running, { endpoint: `unix:${socket}` });
}

/** An etcd that is being killed with its parent is gone in a moment; one that stays is another's. */
async function freeSockets(folder: string): Promise<void> {
  const end = systemClock.monotonic() + goneWithinMs;
  for (const name of ['client:0', 'peer:0']) {
    while (!(await freeSocket(join(folder, name)))) {
      if (systemClock.monotonic() > end) {
        throw new UserError(
          `Another etcd uses ${folder} already: "fuser -v ${join(folder, name)}" shows which. End it (kill, not kill -9), then start again.`,
        );
      }
      await systemClock.sleep(50);
    }
  }
}

/** It listens before it has read its data, so only its own word counts. */
function isHealthy(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/health', agent: false, timeout: 10_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
