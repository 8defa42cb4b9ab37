#!/usr/bin/env node
/** `kubecfg` in a checkout: runs the build, and makes it first when there is none or the sources are newer. */

import { ensureBuild, ensureNodePackages, SetupError } from '../setup/machine.mjs';

try {
  const report = (text) => console.error(`• ${text} …`);
  await ensureNodePackages(report);
  await ensureBuild(report);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
await import('../dist/cli/main.js');
