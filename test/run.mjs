/**
 * `npm test`: sets the machine up, then checks types, lint and layering, and runs all tests, cheap ones first.
 *
 *   npm test                        everything
 *   npm test -- unit integration    only these stages
 *   npm test -- proxy/services      only test files whose path contains this
 *
 * Each file of end-to-end tests runs in a sandbox of its own: network, processes, mounts and engine of its own
 * (test/support/sandbox.sh). Two run at a time: most of what they do is wait.
 * LONGSHORE_TEST_VERBOSE=1 also shows what tests write.
 */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  checkMachine,
  checkRoot,
  ensureBuild,
  ensureNodePackages,
  ensurePrograms,
  orExplain,
  packagesOf,
  root,
  SetupError,
} from '../setup/machine.mjs';
import { selectStages, usage, whyRefused } from './stages.mjs';

const fileTimeoutMs = 600_000;
const totals = { passed: 0, failed: 0, skipped: 0 };
/**
 * How long the tests of each file of the stage took.
 *
 * @type {Map<string, number>}
 */
const timesMs = new Map();
/** Files that a stage names as its slowest. */
const namedFiles = 5;
/**
 * Commands that are to end when this does.
 *
 * @type {Set<import('node:child_process').ChildProcess>}
 */
const running = new Set();
let isStopping = false;

/** @param {readonly string[]} words */
async function main(words) {
  if (words.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const refusal = whyRefused(words);
  if (refusal !== undefined) throw new SetupError(refusal);
  await setUp();
  const scratch = mkdtempSync(join(tmpdir(), 'longshore-test-'));
  try {
    for (const stage of selectStages(words)) if (!isStopping) await runStage(stage, scratch);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  if (isStopping) return 130;
  if (totals.skipped > 0) console.log(`\n${totals.skipped} skipped`);
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed === 0 && totals.passed > 0 ? 0 : 1;
}

async function setUp() {
  const report = (/** @type {string} */ text) => console.log(`• ${text} …`);
  checkMachine();
  checkRoot();
  await ensureNodePackages(report);
  await ensurePrograms(Object.keys(packagesOf), report);
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {string} scratch a folder
 */
async function runStage(stage, scratch) {
  if (stage.files?.length === 0) return;
  const started = performance.now();
  const before = { ...totals };
  timesMs.clear();
  if (stage.commands !== undefined) await runChecks(stage.commands);
  else await runTests(stage, scratch);
  const failed = totals.failed - before.failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${failed === 0 ? '✓' : '✗'} ${stage.name}: ${totals.passed - before.passed} passed, ${failed} failed (${seconds} s)${slowest()}`,
  );
}

/** Where to look when the whole takes too long. */
function slowest() {
  const files = [...timesMs].filter(([, ms]) => ms >= 5_000).sort(([, a], [, b]) => b - a);
  if (files.length === 0) return '';
  const named = files
    .slice(0, namedFiles)
    .map(([file, ms]) => `${basename(file, '.test.ts')} ${Math.round(ms / 1000)} s`);
  return `\n  slowest: ${named.join(', ')}`;
}

/** @param {readonly (readonly string[])[]} commands */
async function runChecks(commands) {
  for (const command of commands) totals[(await run(command)) === 0 ? 'passed' : 'failed'] += 1;
}

/**
 * @param {import('./stages.mjs').Stage} stage
 * @param {string} scratch a folder
 */
async function runTests({ name, files = [], concurrency = 1, together = false, sandboxes, timeoutMs }, scratch) {
  const totalsFile = (/** @type {string | number} */ part) => join(scratch, `${name}-${part}.json`);
  if (sandboxes === undefined) {
    const started = together ? bundle(files, { count: concurrency, folder: scratch }) : files;
    await runTestRunner(started, { concurrency, totalsFile: totalsFile('all') });
    return;
  }
  await ensureBuild((text) => console.log(`• ${text} …`));
  await run([process.execPath, '--import', 'tsx', 'test/support/fill-cache.ts']);
  const waiting = [...files.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      await runTestRunner([file], { inside: ['test/support/sandbox.sh'], totalsFile: totalsFile(index), timeoutMs });
    }
  };
  await Promise.all(Array.from({ length: sandboxes }, work));
}

/**
 * Files that load the others, dealt out in turn.
 *
 * @param {readonly string[]} files
 * @param {{ count: number, folder: string }} options
 */
function bundle(files, { count, folder }) {
  const hands = Array.from({ length: Math.min(count, files.length) }, (_, hand) =>
    files.filter((_, i) => i % count === hand),
  );
  return hands.map((hand, i) => {
    const path = join(folder, `together-${i}.test.mjs`);
    writeFileSync(path, hand.map((file) => `import '${pathToFileURL(join(root, file))}';\n`).join(''));
    return path;
  });
}

/**
 * @param {readonly string[]} files
 * @param {{ inside?: readonly string[], concurrency?: number, totalsFile: string, timeoutMs?: number | undefined }} options
 */
async function runTestRunner(files, { inside = [], concurrency = 1, totalsFile, timeoutMs = fileTimeoutMs }) {
  const runner = [
    ...[process.execPath, '--import', 'tsx', '--test', `--test-concurrency=${concurrency}`],
    ...[
      `--test-timeout=${timeoutMs}`,
      '--test-reporter=./test/support/reporter.mjs',
      '--test-reporter-destination=stdout',
    ],
  ];
  const code = await run([...inside, ...runner, ...files], { LONGSHORE_TEST_TOTALS: totalsFile });
  const counted = readTotals(totalsFile);
  totals.passed += counted.passed;
  totals.skipped += counted.skipped;
  for (const [name, ms] of Object.entries(counted.timesMs)) timesMs.set(name, (timesMs.get(name) ?? 0) + ms);
  // A runner that failed without a failed test (it crashed, or never started) is a failure of its own.
  totals.failed += code !== 0 && counted.failed === 0 ? 1 : counted.failed;
}

/**
 * @param {string} file
 * @returns {{ passed: number, failed: number, skipped: number, timesMs: Record<string, number> }}
 */
function readTotals(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0, timesMs: {} }; // the runner ended before it could write them; its exit code says so
  }
}

/**
 * @param {readonly string[]} command
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<number | null>} the exit code
 */
function run([command = '', ...arguments_], environment = {}) {
  return new Promise((resolve) => {
    if (isStopping) {
      resolve(130);
      return;
    }
    const child = spawn(command, arguments_, {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...environment },
    });
    running.add(child);
    const finish = (/** @type {number | null} */ code) => {
      running.delete(child);
      resolve(code);
    };
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`);
      finish(1);
    });
    child.on('exit', (code, signal) => finish(signal === null ? code : 1));
  });
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    isStopping = true;
    for (const child of running) child.kill('SIGTERM');
    process.exitCode = 130;
    setTimeout(() => process.exit(130), 15_000).unref();
  });
}

process.exitCode = await orExplain(() => main(process.argv.slice(2)));
