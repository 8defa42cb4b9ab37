/** The answers of upstream, replayed: what `npm run golden` prints, held to what was promised. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { filesIn, recordings, replayFile, startRecordedServer } from '../golden/replay.ts';
import type { TestApiServer } from '../support/test-api-server.ts';

const promised = {
  reads: { same: 0.995, exact: 0.98 },
  writes: { same: 0.985, exact: 0.97 },
  access: { same: 0.98, exact: 0.92 },
  extension: { same: 0.98, exact: 0.92 },
};

let server: TestApiServer;
before(async () => {
  server = await startRecordedServer();
});
after(() => server.stop());

describe('the recordings', () => {
  for (const folder of ['reads', 'writes', 'access', 'extension'] as const) {
    it(`of ${folder} get the answers that upstream gave`, async () => {
      const total = { cases: 0, same: 0, exact: 0 };
      const missed: string[] = [];
      for (const file of filesIn(join(recordings, folder))) {
        const { cases, same, exact, misses } = await replayFile(server.connection, file);
        total.cases += cases;
        total.same += same;
        total.exact += exact;
        missed.push(...misses.map(({ id }) => id));
        const broken = misses.filter(({ want, got }) => 'code' in got && got.code >= 500 && got.code !== want.code);
        assert.deepEqual(
          broken.map(({ id }) => id),
          [],
          'answers with a 5xx of our own',
        );
      }
      assert.ok(
        total.same / total.cases >= promised[folder].same,
        `${total.same} of ${total.cases} the same; missed: ${missed.join(', ')}`,
      );
      assert.ok(total.exact / total.cases >= promised[folder].exact, `${total.exact} of ${total.cases} exact`);
    });
  }
});
