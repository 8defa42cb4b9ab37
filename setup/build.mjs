/** `npm run build`: compiles into dist/ and writes what the sentences of `explain` are read from. */

import { build, ensureNodePackages, orExplain } from './machine.mjs';

await orExplain(async () => {
  const report = (/** @type {string} */ text) => console.log(`• ${text} …`);
  await ensureNodePackages(report);
  await build(report);
});
