/** `npm run fuzz -- --minutes 10 [--seed N]`: hostile requests for as long as asked; the seed is printed to run it again. */

import { commandLine } from '../../base/command-line.ts';
import { MeasuredApiServer } from '../support/measured-api-server.ts';
import { Fuzzer } from './fuzz.ts';

const { minutes, seed } = await commandLine(process.argv.slice(2))
  .scriptName('npm run fuzz --')
  .usage('$0 [--minutes 10] [--seed N]')
  .option('minutes', { type: 'number', default: 1, describe: 'how long' })
  .option('seed', { type: 'number', default: Date.now() % 2 ** 31, describe: 'where the random requests start' })
  .check(({ minutes: length, seed: start }) => {
    if (!(length > 0)) throw new Error('--minutes takes a number above 0');
    if (!Number.isSafeInteger(start) || start < 0) throw new Error('--seed takes a whole number');
    return true;
  })
  .version(false)
  .strict()
  .parseAsync();

const server = await MeasuredApiServer.start();
const fuzzer = new Fuzzer(server);
try {
  process.stdout.write(`fuzzing for ${minutes} min from seed ${seed}\n`);
  await fuzzer.run({ runs: Number.MAX_SAFE_INTEGER, seed, endBy: minutes * 60_000 });
  await fuzzer.readAll();
  await fuzzer.runHeavy();
  const { waitedMs, delayMs, heldMs } = fuzzer.longest;
  process.stdout.write(
    `no request was taken badly; the longest: a small request waited ${waitedMs.toFixed()} ms, the event loop ${delayMs.toFixed()} ms, of which it was held for ${heldMs.toFixed()} ms\n`,
  );
} finally {
  fuzzer.close();
  await server.stop();
}
