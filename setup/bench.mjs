/**
 * `npm run bench -- NAME… [--flag…]`: installs what these benchmarks call, then runs them (`bench/run.ts`).
 * Plain JavaScript without dependencies: it runs before there are any.
 */

import { spawn } from 'node:child_process';
import {
  checkMachine,
  checkRoot,
  ensureNodePackages,
  ensurePrograms,
  orExplain,
  packagesOf,
  root,
} from './machine.mjs';

/** A control plane alone, or all that the tests call, too: networks, rules, containers. */
const [controlPlane, machine] = [['etcd'], Object.keys(packagesOf)];

/** @type {Readonly<Record<string, readonly string[]>>} */
const programsOf = {
  api: controlPlane,
  density: controlPlane,
  extension: controlPlane,
  requests: controlPlane,
  scheduler: controlPlane,
  store: controlPlane,
  watch: controlPlane,
  components: machine,
  deployments: machine,
  footprint: machine,
  ingress: ['wrk'],
  join: machine,
  pods: machine,
  proxy: machine,
};

const words = process.argv.slice(2);
const end = words.findIndex((word) => word.startsWith('--'));
const names = end < 0 ? words : words.slice(0, end);

/** @param {import('./machine.mjs').Report} report */
async function prepare(report) {
  checkMachine();
  await ensureNodePackages(report);
  const programs = new Set(names.flatMap((name) => programsOf[name] ?? []));
  if (programs.size > controlPlane.length) checkRoot();
  await ensurePrograms([...programs], report);
}

await orExplain(() => prepare((text) => console.log(`• ${text} …`)), '\n');
const benchmarks = spawn(process.execPath, ['--import', 'tsx', 'bench/run.ts', ...words], {
  cwd: root,
  stdio: 'inherit',
});
// What is told to end asks the benchmarks to; their end is its own.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => benchmarks.kill('SIGTERM'));
benchmarks.on('exit', (code) => process.exit(code ?? 1));
