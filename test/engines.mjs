/**
 * `npm run test:engines`: tests on newer Docker Engines than the machine's own: the runtime's conformance suite, the
 * kubelet, the proxy, kills of every component, and `npm start` with its demo.
 *
 *   npm run test:engines -- 26 28              these tests, on each of these engines
 *   npm run test:engines -- 28 e2e             other tests: the words of npm test
 *
 * The engines come from Debian's newer suites and are not installed (test/support/engines.sh).
 */

import { spawnSync } from 'node:child_process';
import { checkMachine, checkRoot, ensurePrograms, orExplain, root, SetupError } from '../setup/machine.mjs';
import { whyRefused } from './stages.mjs';

/**
 * Which of Debian's suites has which version.
 *
 * @type {Readonly<Record<string, string>>}
 */
const suites = { 26: 'trixie', 28: 'sid' };

/** What an engine can break. */
const defaultTests = [
  'e2e/docker-runtime',
  'e2e/guestbook',
  'e2e/killed-components',
  'e2e/kubelet-pods',
  'e2e/proxy',
  'e2e/conformance/network',
];

const usage =
  `npm run test:engines -- VERSION… [TEST…]\n\nRuns tests on Docker Engine ${Object.keys(suites).join(' or ')}, which is ` +
  'downloaded first where it is not there yet. Without a test: all that touches the engine; else the words of npm test.';

/** @param {readonly string[]} words */
async function main(words) {
  if (words.length === 0 || words.includes('--help')) {
    console.log(usage);
    return 0;
  }
  const versions = Object.keys(suites).filter((version) => words.includes(version));
  const tests = words.filter((word) => !versions.includes(word));
  const unknown = tests.find((word) => /^[\d.]+$|^-/.test(word));
  if (unknown !== undefined) throw new SetupError(`There is no engine ${unknown}.\n${usage}`);
  if (versions.length === 0) throw new SetupError(`Which engine?\n${usage}`);
  const refusal = whyRefused(tests);
  if (refusal !== undefined) throw new SetupError(refusal);
  checkMachine();
  checkRoot();
  await ensurePrograms(['dockerd'], (text) => console.log(`• ${text} …`)); // for its runc, and what it depends on
  const codes = versions.map((version) => testOn(version, tests.length === 0 ? defaultTests : tests));
  return codes.every((code) => code === 0) ? 0 : 1;
}

/**
 * The exit code.
 *
 * @param {string} version
 * @param {readonly string[]} tests
 */
function testOn(version, tests) {
  const suite = suites[version] ?? version;
  const environment = { ...process.env, PATH: `${bringEngine(suite)}:${process.env.PATH}` };
  const { stdout } = spawnSync('dockerd', ['--version'], { env: environment, encoding: 'utf8' });
  console.log(`\n${stdout.trim()}, from Debian ${suite}`);
  const { status } = spawnSync(process.execPath, ['test/run.mjs', ...tests], {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  return status ?? 1;
}

/**
 * What is to come first in the PATH.
 *
 * @param {string} suite
 */
function bringEngine(suite) {
  const { status, stdout } = spawnSync('test/support/engines.sh', [suite], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new SetupError(`The engine of Debian ${suite} cannot be had: see above.`);
  return stdout.trim();
}

process.exitCode = await orExplain(() => main(process.argv.slice(2)));
