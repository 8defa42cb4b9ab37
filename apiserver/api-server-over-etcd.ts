/** The API server with an etcd below it: the store is opened before the server starts and closed after it has stopped. */

import { UserError } from '../base/user-error.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import type { ApiServerOptions } from './api-server-options.ts';
import type { EtcdConnectionOptions } from './store/etcd-connection.ts';
import { EtcdStore } from './store/etcd-store.ts';

export interface ApiServerOverEtcdOptions extends Omit<ApiServerOptions, 'store'> {
  readonly etcd: EtcdConnectionOptions;
}

/** Throws a UserError when a member on another machine would be spoken to without mutual TLS. */
export async function startApiServerOverEtcd({ etcd, ...options }: ApiServerOverEtcdOptions): Promise<ApiServer> {
  const exposed = etcd.servers.find((server) => !isOnThisMachine(server) && !isMutual(server, etcd));
  if (exposed !== undefined)
    throw new UserError(
      `etcd at ${exposed} holds all that the cluster has, so it is spoken to over mutual TLS: an https URL, with ` +
        '--etcd-cafile, --etcd-certfile and --etcd-keyfile. Without, only sockets and loopback addresses of this machine.',
    );
  const store = new EtcdStore({ ...etcd, logger: options.logger });
  try {
    const server = await startApiServer({ ...options, store });
    return { ...server, stop: () => server.stop().then(() => store.close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const isMutual = (server: string, { tls }: EtcdConnectionOptions): boolean =>
  server.startsWith('https:') && tls?.client !== undefined;

function isOnThisMachine(server: string): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'unix:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.[\d.]+$/.test(hostname);
}
