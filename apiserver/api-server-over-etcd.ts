/** The API server with an etcd below it: the store is opened before the server starts and closed after it has stopped. */

import { type ApiServer, type ApiServerOptions, startApiServer } from './api-server.ts';
import type { EtcdConnectionOptions } from './store/etcd-connection.ts';
import { EtcdStore } from './store/etcd-store.ts';

export interface ApiServerOverEtcdOptions extends Omit<ApiServerOptions, 'store'> {
  readonly etcd: EtcdConnectionOptions;
}

export async function startApiServerOverEtcd({ etcd, ...options }: ApiServerOverEtcdOptions): Promise<ApiServer> {
  const store = new EtcdStore({ ...etcd, logger: options.logger });
  try {
    const server = await startApiServer({ ...options, store });
    return { ...server, stop: () => server.stop().then(() => store.close()) };
  } catch (error) {
    await store.close();
    throw error;
  }
}
