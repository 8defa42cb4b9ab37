/**
 * `npm start`: makes this machine ready, then runs `kubecfg up` with the same flags, in this process.
 * Plain JavaScript without dependencies: it runs before there are any.
 */

import {
  builtFile,
  checkMachine,
  checkRoot,
  ensureBuild,
  ensureEngine,
  ensureNodePackages,
  ensurePrograms,
  orExplain,
  SetupError,
} from './machine.mjs';

const flags = process.argv.slice(2);
const worker = ['kubelet', 'proxy'];
const helpOnly = flags.includes('--help');

/** Which components were asked for; undefined is all. */
function onlyComponents() {
  const at = flags.findIndex((flag) => flag === '--only' || flag.startsWith('--only='));
  if (at < 0) return undefined;
  return (flags[at]?.split('=')[1] ?? flags[at + 1] ?? '').split(',');
}

/** What these components call, so that a control plane of its own needs neither root nor an engine. */
function programsFor(/** @type {readonly string[] | undefined} */ only) {
  const wanted = (/** @type {string} */ component) => only === undefined || only.includes(component);
  const programs = [];
  if (wanted('etcd') && !flags.some((flag) => flag.startsWith('--etcd-servers'))) programs.push('etcd');
  if (worker.some(wanted)) programs.push('nft', 'ip', 'iptables', 'conntrack');
  if (only === undefined && !flags.includes('--no-demo')) programs.push('docker-registry', 'busybox', 'redis-server');
  return programs;
}

/** @param {import('./machine.mjs').Report} report */
async function prepare(report) {
  checkMachine();
  const only = onlyComponents();
  const needsWorker = only === undefined || worker.some((component) => only.includes(component));
  if (needsWorker && !helpOnly) checkRoot();
  await ensureNodePackages(report);
  await ensureBuild(report);
  if (helpOnly) return;
  /** @type {{ whyUpIsRefused(flags: readonly string[]): Promise<string | undefined> }} */
  const { whyUpIsRefused } = await import(builtFile('cli/run-kubecfg.js'));
  const refusal = await whyUpIsRefused(flags);
  if (refusal !== undefined) throw new SetupError(refusal);
  await ensurePrograms(programsFor(only), report);
  if (only === undefined || only.includes('kubelet')) await ensureEngine(report);
}

await orExplain(() => prepare((text) => console.log(`• ${text} …`)), '\n');
process.argv.splice(2, 0, 'up');
await import(builtFile('cli/main.js'));
