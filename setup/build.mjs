/** `npm run build`: compiles into dist/ and writes what the sentences of `explain` are read from. */

import { build, ensureNodePackages, SetupError } from './machine.mjs';

try {
  const report = (text) => console.log(`• ${text} …`);
  await ensureNodePackages(report);
  await build(report);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
