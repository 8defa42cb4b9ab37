#!/usr/bin/env node
/** `kubecfg` in a checkout: runs the build, and makes it first when there is none or the sources are newer. */

import { ensureBuild, ensureNodePackages, orExplain } from '../setup/machine.mjs';

await orExplain(async () => {
  const report = (text) => console.error(`• ${text} …`);
  await ensureNodePackages(report);
  await ensureBuild(report);
});
await import('../dist/cli/main.js');
