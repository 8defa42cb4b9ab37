/** A TLS connection to the first server of a connection, with its client certificate. */

import { once } from 'node:events';
import tls from 'node:tls';
import type { Connection } from '../client/connection.ts';

export async function openSocket(connection: Connection): Promise<tls.TLSSocket> {
  const server = new URL(connection.servers[0] ?? '');
  const socket = tls.connect({
    host: server.hostname,
    port: Number(server.port),
    ...(connection.certificateAuthority !== undefined && { ca: connection.certificateAuthority }),
    ...(connection.clientCertificate !== undefined && { cert: connection.clientCertificate }),
    ...(connection.clientKey !== undefined && { key: connection.clientKey }),
  });
  await once(socket, 'secureConnect');
  return socket;
}
