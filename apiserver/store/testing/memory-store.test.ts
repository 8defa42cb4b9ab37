import { MemoryStore } from './memory-store.ts';
import { testStoreConformance } from './store-conformance.ts';

testStoreConformance('MemoryStore', async () => {
  const store = new MemoryStore();
  return {
    store,
    other: store,
    async cutConnections() {},
    async stop() {
      await store.close();
    },
  };
});
