/** What most conformance tests act on: the real API server in this process, with the controller manager if asked for. */

import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { startTestApiServer, type TestApiServer, type TestApiServerOptions } from '../support/test-api-server.ts';
import { ApiUser } from './api-user.ts';

export interface WorldOptions extends TestApiServerOptions {
  /** Default false. */
  readonly controllers?: boolean;
}

export class World extends ApiUser {
  readonly server: TestApiServer;
  readonly #manager: Running | undefined;

  private constructor(server: TestApiServer, manager: Running | undefined) {
    super(server.client);
    this.server = server;
    this.#manager = manager;
  }

  static async start({ controllers = false, ...options }: WorldOptions = {}): Promise<World> {
    const server = await startTestApiServer(options);
    const { connection } = server;
    const forManager = { connection, logger: silentLogger, leaderElect: false, identity: 'conformance' };
    return new World(server, controllers ? await startControllerManager(forManager) : undefined);
  }

  async stop(): Promise<void> {
    this.closeWatches();
    await this.#manager?.stop();
    await this.server.stop();
  }
}
