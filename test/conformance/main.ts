/**
 * `npm run conformance`: runs the tests that stand for upstream's conformance tests, each under its name, and prints how
 * many of each area hold. Nothing is counted but what passed in this run.
 *
 *   npm run conformance                everything
 *   npm run conformance -- api         only what needs no running pods; the others are whole clusters in the sandbox
 *   npm run conformance -- long        only test files whose path contains this
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { commandLine } from '../../base/command-line.ts';
import { areaOf, areas, clusterTestFiles, testFiles } from './catalogue.ts';

interface Outcome {
  readonly passed: Set<string>;
  readonly failures: string[];
}

/** Adds what the files' tests came to. */
async function runFiles(files: readonly string[], prefix: readonly string[], { passed, failures }: Outcome) {
  if (files.length === 0) return;
  const flags = ['--test', '--test-reporter=./test/conformance/outcomes.mjs', '--test-reporter-destination=stdout'];
  const concurrency = prefix.length === 0 ? 2 : 1;
  const runner = [process.execPath, '--import', 'tsx', ...flags, `--test-concurrency=${concurrency}`, ...files];
  const [command = '', ...arguments_] = [...prefix, ...runner];
  const child = spawn(command, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const before = failures.length;
  for await (const line of createInterface({ input: child.stdout })) {
    const outcome = JSON.parse(line) as { passed?: string; failed?: string; reason?: string };
    if (outcome.passed !== undefined && areaOf(outcome.passed) !== undefined) passed.add(outcome.passed);
    if (outcome.failed !== undefined) failures.push(`✗ ${outcome.failed}\n  ${outcome.reason}`);
  }
  const [code] = await closed;
  if (code !== 0 && failures.length === before) failures.push(`✗ ${command} ended with ${code}`);
}

function tableOf(passed: ReadonlySet<string>): string {
  const rows = Object.entries(areas).map(([area, total]) => {
    const count = [...passed].filter((name) => areaOf(name) === area).length;
    return `${area.padEnd(16)}${String(count).padStart(4)} of ${String(total).padStart(3)}`;
  });
  const sum = Object.values(areas).reduce((all, one) => all + one, 0);
  return [...rows, `${passed.size}/${sum}`].join('\n');
}

const { _: words } = await commandLine(process.argv.slice(2))
  .scriptName('npm run conformance --')
  .usage(
    '$0 [api | PART...]\n\nRuns the tests of all areas; with "api" only those that need no running pods; with parts of paths only the test files whose path contains one.',
  )
  .check(({ _: named }) => {
    const paths = [...testFiles(), ...clusterTestFiles()];
    const unknown = named.find((word) => word !== 'api' && !paths.some((path) => path.includes(String(word))));
    if (unknown !== undefined) throw new Error(`"${unknown}" is in the path of no test file`);
    return true;
  })
  .version(false)
  .strictOptions()
  .parseAsync();
const outcome: Outcome = { passed: new Set(), failures: [] };
const parts = words.map(String).filter((word) => word !== 'api');
const isWanted = (path: string) => words.length === 0 || parts.some((part) => path.includes(part));
await runFiles(words.includes('api') ? testFiles() : testFiles().filter(isWanted), [], outcome);
await runFiles(clusterTestFiles().filter(isWanted), ['test/support/sandbox.sh'], outcome);
for (const failure of outcome.failures) process.stdout.write(`${failure}\n`);
process.stdout.write(`${tableOf(outcome.passed)}\n`);
process.exitCode = outcome.failures.length === 0 ? 0 : 1;
