/**
 * `npm run real [-- NAME…]`: real programs, unchanged, against a whole cluster: the definitions that operators bring, a
 * manager of controller-runtime, Helm, an aggregated API server, operators and informers of other languages. What they
 * are made of comes from the Go module proxy, PyPI and Maven (`versions.ts`) and is kept in the user's cache folder.
 * Prints a line for each check; ends with 1 when one did not hold.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandLine } from '../../base/command-line.ts';
import { cacheFolder } from './artifacts.ts';
import { Checks } from './checks.ts';
import { type SubjectName, subjects } from './subjects.ts';
import { newestKubectl, World } from './world.ts';

const startScript = fileURLToPath(new URL('../../setup/start.mjs', import.meta.url));

const write = (text: string): void => {
  process.stdout.write(text);
};

/** What needs a network, which the sandbox has not. */
async function prepare(names: readonly SubjectName[]): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  await newestKubectl();
  for (const name of names) await subjects[name].prepare((text) => write(`• ${text} …\n`));
  // Builds first, when there is something to build, so that the cluster only has to start.
  await endOf(spawn(process.execPath, [startScript, '--help'], { stdio: ['ignore', 'ignore', 'inherit'] }));
}

async function runInSandbox(): Promise<number> {
  const sandbox = fileURLToPath(new URL('../support/sandbox.sh', import.meta.url));
  const words = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(sandbox, words, { stdio: 'inherit' });
  // The sandbox ends when this process does; a terminal's Ctrl-C reaches both.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return await endOf(child);
}

async function endOf(child: ReturnType<typeof spawn>): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** The exit code. */
async function runChecks(names: readonly SubjectName[]): Promise<number> {
  const checks = new Checks(write);
  const world = await World.start();
  try {
    for (const name of names) {
      checks.heading(`${name}: ${subjects[name].what}`);
      await checks.check(`${name} ran to its end`, () => subjects[name].run(world, checks));
    }
  } finally {
    await world.stop();
  }
  write(`\n${checks.summary()}\n`);
  return checks.failed === 0 ? 0 : 1;
}

const isSubject = (word: string): word is SubjectName => word in subjects;
const allNames = Object.keys(subjects).filter(isSubject);

const { _: words } = await commandLine(process.argv.slice(2))
  .scriptName('npm run real --')
  .usage(`$0 [NAME…]\n\nNAME: ${allNames.map((name) => `\n  ${name.padEnd(14)}${subjects[name].what}`).join('')}`)
  .check(({ _: named }) => {
    const unknown = named.find((word) => !isSubject(String(word)));
    if (unknown !== undefined) throw new Error(`"${unknown}" is none of ${allNames.join(', ')}`);
    return true;
  })
  .version(false)
  .strictOptions()
  .parseAsync();
const named = words.map(String).filter(isSubject);
const wanted = named.length === 0 ? allNames : named;
if (process.env.LONGSHORE_SANDBOX === undefined) {
  await prepare(wanted);
  process.exitCode = await runInSandbox();
} else {
  process.exitCode = await runChecks(wanted);
}
