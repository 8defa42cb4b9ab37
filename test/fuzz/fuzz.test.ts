/** A fuzzing run with a fixed seed; `npm run fuzz` goes on for as long as asked. */

import { after, before, describe, it } from 'node:test';
import { MeasuredApiServer } from '../support/measured-api-server.ts';
import { Fuzzer } from './fuzz.ts';

describe('the API server under hostile requests', () => {
  let server: MeasuredApiServer;
  let fuzzer: Fuzzer;

  before(async () => {
    server = await MeasuredApiServer.start();
    fuzzer = new Fuzzer(server);
  });

  after(async () => {
    fuzzer.close();
    await server.stop();
  });

  it('answers each with a Status, none with a 5xx, and stays up', { timeout: 300_000 }, async () => {
    await fuzzer.run({ runs: 3000, seed: 20_260_101 });
    await fuzzer.readAll();
  });

  it('takes size, depth and back-tracking without holding the others up', { timeout: 300_000 }, async () => {
    await fuzzer.runHeavy();
  });
});
