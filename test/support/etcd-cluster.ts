/** Several API servers in this process over a real etcd, with the controller manager beside them: what most clusters are. */

import { EtcdStore } from '../../apiserver/store/etcd-store.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { ApiUser } from '../conformance/api-user.ts';
import { TestEtcd } from './etcd.ts';
import { startTestApiServer, type TestApiServer } from './test-api-server.ts';

export interface EtcdClusterOptions {
  /** Default 1. */
  readonly servers?: number;
  /** Versions that are served on request. Default: none. */
  readonly runtimeConfig?: readonly string[];
  /** Controllers that run. Default: none. */
  readonly controllers?: readonly string[];
}

/** The first definition waits until another thread has loaded its sources. */
const timeoutMs = 300_000;

interface Member {
  readonly store: EtcdStore;
  readonly server: TestApiServer;
  readonly user: ApiUser;
}

export class EtcdCluster {
  readonly etcd: TestEtcd;
  readonly #members: readonly Member[];
  readonly #manager: Running | undefined;

  private constructor(etcd: TestEtcd, members: readonly Member[], manager: Running | undefined) {
    this.etcd = etcd;
    this.#members = members;
    this.#manager = manager;
  }

  static async start(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
    const { servers = 1, controllers = [], runtimeConfig = [] } = options;
    const etcd = await TestEtcd.start();
    const members: Member[] = [];
    for (let i = 0; i < servers; i += 1) {
      const store = new EtcdStore({ servers: [etcd.url] });
      const authority = members[0]?.server.authority;
      const server = await startTestApiServer({ store, timeoutMs, runtimeConfig, ...(authority && { authority }) });
      members.push({ store, server, user: new ApiUser(server.client) });
    }
    const [first] = members;
    const manager =
      first && controllers.length > 0
        ? await startControllerManager({
            ...{ connection: first.server.connection, logger: silentLogger, leaderElect: false },
            ...{ identity: 'test', controllers },
          })
        : undefined;
    return new EtcdCluster(etcd, members, manager);
  }

  server(index = 0): TestApiServer {
    return this.#member(index).server;
  }

  /** The API through that server, as the administrator. */
  user(index = 0): ApiUser {
    return this.#member(index).user;
  }

  async stop(): Promise<void> {
    for (const { user } of this.#members) user.closeWatches();
    await this.#manager?.stop();
    for (const { server, store } of this.#members) {
      await server.stop();
      await store.close();
    }
    await this.etcd.stop();
  }

  #member(index: number): Member {
    const member = this.#members[index];
    if (member === undefined) throw new Error(`The cluster has ${this.#members.length} API servers`);
    return member;
  }
}
