/** The port that a server got. */

import type { Server } from 'node:net';

/** 0 when it does not listen, or on a path. */
export function listeningPort(server: Pick<Server, 'address'>): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
