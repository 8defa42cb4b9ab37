/**
 * The processes beside the benchmarks of the control plane: told by a message which of them this is, it answers when it
 * is ready. Each loads what its own part needs and no more, so that its memory is that of the part.
 */

import { createLogger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import { eventually } from '../test/support/eventually.ts';

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
      const { EtcdStore } = await import('../apiserver/store/etcd-store.ts');
      const { startTestApiServer } = await import('../test/support/test-api-server.ts');
      const store = new EtcdStore({ servers: [role.etcd], logger });
      const server = await startTestApiServer({ store, logger, ...(role.authority && { authority: role.authority }) });
      return { connection: server.connection, authority: server.authority };
    }
    case 'scheduler': {
      const { startScheduler } = await import('../scheduler/scheduler.ts');
      const scheduler = await startScheduler({ ...role, ...identity, logger });
      await eventually('the scheduler is ready', () => scheduler.whyNotReady() === undefined);
      return 'ready';
    }
    case 'controller-manager': {
      const { startControllerManager } = await import('../controller-manager/controller-manager.ts');
      await startControllerManager({ ...role, ...identity, logger, useServiceAccountCredentials: false });
      return 'ready';
    }
    case 'hollow': {
      const { HollowNodes } = await import('./hollow/hollow-nodes.ts');
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
