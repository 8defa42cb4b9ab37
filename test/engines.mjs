/**
 * `npm run test:engines`: tests on newer Docker Engines than the machine's own: the runtime's conformance suite, the
 * kubelet, the proxy, kills of every component, and `npm start` with its demo.
 *
 *   npm run test:engines                       these tests, on each engine
 *   npm run test:engines -- 28                 on this one only
 *   npm run test:engines -- 28 e2e             other tests: the words of npm test
 *
 * The engines come from Debian's newer suites and are not installed (test/support/engines.sh).
 */

import { spawnSync } from 'node:child_process';
import { checkMachine, checkRoot, ensurePrograms, root, SetupError } from '../setup/machine.mjs';

/** Which of Debian's suites has which version. */
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

function main(words) {
  const versions = Object.keys(suites).filter((version) => words.includes(version));
  const tests = words.filter((word) => !versions.includes(word));
  checkMachine();
  checkRoot();
  ensurePrograms(['dockerd'], (text) => console.log(`• ${text} …`)); // for its runc, and what it depends on
  const codes = (versions.length === 0 ? Object.keys(suites) : versions).map((version) =>
    testOn(version, tests.length === 0 ? defaultTests : tests),
  );
  return codes.every((code) => code === 0) ? 0 : 1;
}

/** The exit code. */
function testOn(version, tests) {
  const environment = { ...process.env, PATH: `${bringEngine(suites[version])}:${process.env.PATH}` };
  const { stdout } = spawnSync('dockerd', ['--version'], { env: environment, encoding: 'utf8' });
  console.log(`\n${stdout.trim()}, from Debian ${suites[version]}`);
  const { status } = spawnSync(process.execPath, ['test/run.mjs', ...tests], {
    cwd: root,
    env: environment,
    stdio: 'inherit',
  });
  return status ?? 1;
}

/** What is to come first in the PATH. */
function bringEngine(suite) {
  const { status, stdout } = spawnSync('test/support/engines.sh', [suite], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new SetupError(`The engine of Debian ${suite} cannot be had: see above.`);
  return stdout.trim();
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exit(1);
}
