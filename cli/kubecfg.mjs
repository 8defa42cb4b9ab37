#!/usr/bin/env node
/** `kubecfg` in a checkout: runs the build, and makes it first when there is none or the sources are newer. */

import { builtFile, ensureBuild, ensureNodePackages, orExplain } from '../setup/machine.mjs';

await orExplain(async () => {
  const report = (/** @type {string} */ text) => console.error(`• ${text} …`);
  await ensureNodePackages(report);
  await ensureBuild(report);
});
await import(builtFile('cli/main.js'));
