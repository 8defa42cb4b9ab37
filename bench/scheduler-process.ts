/** The processes beside the scheduler benchmark: told by a message which of them this is, it answers when it is ready. */

import { EtcdStore } from '../apiserver/store/etcd-store.ts';
import { createLogger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { eventually } from '../test/support/eventually.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';

export type Role =
  | { readonly role: 'apiserver'; readonly etcd: string }
  | { readonly role: 'scheduler'; readonly connection: Connection };

const logger = createLogger('bench', { level: 'error' });

async function play(role: Role): Promise<Connection | 'ready'> {
  switch (role.role) {
    case 'apiserver': {
      const store = new EtcdStore({ servers: [role.etcd], logger });
      return (await startTestApiServer({ store, logger })).connection;
    }
    case 'scheduler': {
      const scheduler = await startScheduler({ ...role, logger, leaderElect: false, identity: 'bench' });
      await eventually('the scheduler is ready', () => scheduler.whyNotReady() === undefined);
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
