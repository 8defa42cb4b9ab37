/** The stages of `npm test`, and which of them words on the command line mean. */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../setup/machine.mjs';

const allFiles = findTests('.');
const inFolder = (/** @type {string} */ folder) => allFiles.filter((file) => file.startsWith(`${folder}/`));

/**
 * @typedef {object} Stage Commands, or test files.
 * @property {string} name
 * @property {readonly (readonly string[])[]} [commands]
 * @property {readonly string[]} [files]
 * @property {number} [concurrency]
 * @property {boolean} [together] as many processes as run at a time, not one for each file: these start nothing and
 *   share nothing, and most of what a process of their own costs is its start
 * @property {boolean} [isOnRequest] only when it is named, or files of it
 * @property {number} [timeoutMs] for each file, when it takes longer than others may
 * @property {number} [sandboxes] how many at a time, with a file of its own in each; absent: none is needed
 */

const compiler = [process.execPath, 'node_modules/typescript/bin/tsc', '--noEmit'];

/**
 * In the order in which they run.
 *
 * @type {readonly Stage[]}
 */
const stages = [
  { name: 'types', commands: [compiler, [...compiler, '-p', 'tsconfig.scripts.json']] },
  {
    name: 'lint',
    commands: [[process.execPath, 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.']],
  },
  { name: 'layering', files: inFolder('test/layering') },
  { name: 'unit', files: allFiles.filter((file) => !file.startsWith('test/')), concurrency: 2, together: true },
  { name: 'conformance', files: inFolder('test/conformance'), concurrency: 2 },
  { name: 'integration', files: allFiles.filter(isIntegration), concurrency: 3 },
  { name: 'clients', files: inFolder('test/clients') },
  { name: 'attacks', files: inFolder('test/attacks'), sandboxes: 2 },
  { name: 'e2e', files: inFolder('test/e2e').filter((file) => !isLong(file)), sandboxes: 2 },
  { name: 'long', files: allFiles.filter(isLong), sandboxes: 2, isOnRequest: true, timeoutMs: 1_800_000 },
];

/**
 * What takes too long for each change.
 *
 * @param {string} file
 */
function isLong(file) {
  return file.startsWith('test/e2e/conformance/long/');
}

/**
 * Whatever has no stage of its own.
 *
 * @param {string} file
 */
function isIntegration(file) {
  const others = ['test/layering/', 'test/conformance/', 'test/clients/', 'test/attacks/', 'test/e2e/'];
  return file.startsWith('test/') && !others.some((other) => file.startsWith(other));
}

const stageNames = stages.map(({ name }) => name);
const usualNames = stages.filter(({ isOnRequest }) => !isOnRequest).map(({ name }) => name);

export const usage = `npm test                        everything, in this order: ${usualNames.join(', ')}
npm test -- long                what takes too long for each change
npm test -- unit integration    only these stages
npm test -- proxy/services      only test files whose path contains this`;

/**
 * A sentence when a word means no test.
 *
 * @param {readonly string[]} words
 */
export function whyRefused(words) {
  const unknown = words.filter((word) => !stageNames.includes(word) && !allFiles.some((file) => file.includes(word)));
  return unknown.length === 0 ? undefined : `No stage and no test file matches ${unknown.join(', ')}.\n\n${usage}`;
}

/**
 * Words are stages, which run whole, or parts of the paths of test files; no word is everything.
 *
 * @param {readonly string[]} words
 * @returns {Stage[]}
 */
export function selectStages(words) {
  const names = words.filter((word) => stages.some(({ name }) => name === word));
  const parts = words.filter((word) => !names.includes(word));
  const isWanted = (/** @type {string} */ file) => parts.some((part) => file.includes(part));
  return stages.flatMap((stage) => {
    if (words.length === 0) return stage.isOnRequest ? [] : [stage];
    if (names.includes(stage.name)) return [stage];
    return stage.files === undefined ? [] : [{ ...stage, files: stage.files.filter(isWanted) }];
  });
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function findTests(folder) {
  const skipped = ['node_modules', 'dist', '.git', 'coverage'];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '.' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return skipped.includes(entry.name) ? [] : findTests(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
}
