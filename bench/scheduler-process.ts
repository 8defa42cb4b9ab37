/** The processes beside the benchmarks of the control plane: told by a message which of them this is, it answers when it is ready. */

import { EtcdStore } from '../apiserver/store/etcd-store.ts';
import { createLogger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import { startControllerManager } from '../controller-manager/controller-manager.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { eventually } from '../test/support/eventually.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';
import { HollowNodes } from './hollow/hollow-nodes.ts';

export type Role =
  | { readonly role: 'apiserver'; readonly etcd: string; readonly authority?: { certificate: string; key: string } }
  | { readonly role: 'scheduler' | 'controller-manager'; readonly connection: Connection }
  | { readonly role: 'hollow'; readonly connection: Connection; readonly nodes: number; readonly prefix: string };

export interface ApiServerAnswer {
  readonly connection: Connection;
  readonly authority: { readonly certificate: string; readonly key: string };
}

const logger = createLogger('bench', { level: 'error' });
const identity = { leaderElect: false, identity: 'bench' };

async function play(role: Role): Promise<ApiServerAnswer | 'ready'> {
  switch (role.role) {
    case 'apiserver': {
      const store = new EtcdStore({ servers: [role.etcd], logger });
      const server = await startTestApiServer({ store, logger, ...(role.authority && { authority: role.authority }) });
      return { connection: server.connection, authority: server.authority };
    }
    case 'scheduler': {
      const scheduler = await startScheduler({ ...role, ...identity, logger });
      await eventually('the scheduler is ready', () => scheduler.whyNotReady() === undefined);
      return 'ready';
    }
    case 'controller-manager':
      await startControllerManager({ ...role, ...identity, logger, useServiceAccountCredentials: false });
      return 'ready';
    case 'hollow': {
      const { connection, nodes: count, prefix } = role;
      const capacity = { cpu: '8', memory: '32Gi', pods: '110' };
      await HollowNodes.start({ connection, logger, count, prefix, capacity });
      return 'ready';
    }
  }
}

process.once('disconnect', () => process.exit(0));
process.once('message', (role) => {
  play(role as Role).then(
    (answer) => process.send?.(answer),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
