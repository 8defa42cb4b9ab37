/** Holds what layering cannot see in imports: habits of the code itself that other code relies on. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../base/package-root.ts';
import { arrows, dockerSpeakers, patternMakers, timelessRooms, timeReaders } from './arrows.ts';
import { isTesting, type SourceFile, sourceOf, sourcesIn, testsIn, topFolders } from './sources.ts';

const sources = Object.keys(arrows).flatMap(sourcesIn);

describe('code', () => {
  it('speaks of Docker in its runtime only', () => assert.deepEqual(speakersOfDocker(sources), []));

  it('would notice another that speaks of Docker', () => {
    const of = (text: string) => speakersOfDocker([sourceOf('kubelet/pods/planted.ts', text)]);
    assert.deepEqual(of("const id = 'docker://' + one;"), ['kubelet/pods/planted.ts']);
    assert.deepEqual(of('// As docker:// ids are.\n/** Not in Docker. */'), []);
  });

  // Users' patterns run in an engine of linear time (machinery/patterns.ts), never in JavaScript's own.
  it('makes regular expressions only from text of its own', () => {
    const wrong = sources
      .filter(({ text }) => /\bRegExp\(/.test(text))
      .filter(({ path }) => !patternMakers.includes(path));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  // `in` finds what all objects inherit, `constructor` for instance: users have keys and names like that.
  it('asks objects for properties of their own only', () => {
    const asks = sources.flatMap(({ path, text }) =>
      text
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`/g, "''")
        .replace(/(?<=[(=:,] )\/(?![*/])(?:[^/\\\n]|\\.)+\/[a-z]*/g, '/ /')
        .replace(/for \((?:const|let) \w+ in /g, '')
        .split('\n')
        .filter((line) => /[\w)] in [\w(]/.test(line) && !/\[\w+ in /.test(line))
        .map((line) => `${path}: ${line.trim()}`),
    );
    assert.deepEqual(asks, []);
  });

  // They share processes: such a hook would run before the tests of other files, too.
  it('has no hook outside a suite in unit tests', () => {
    const tests = topFolders()
      .filter((folder) => folder !== 'test')
      .flatMap(testsIn);
    assert.ok(tests.length > 300);
    const hook = /^(?:before|after)(?:Each)?\(/m;
    assert.deepEqual(
      tests.filter(({ text }) => hook.test(text)).map(({ path }) => path),
      [],
    );
  });

  it('reads the time from the clock that it was given', () => assert.deepEqual(timeReadIn(sources), []));

  it('would notice a look at the system’s time', () => {
    const texts = ['const now = Date.now();', 'new Date()', 'performance.now() - start', '300 * Math.random()'];
    const looking = texts.map((text, index) => sourceOf(`kubelet/planted-${index}.ts`, text));
    assert.deepEqual(
      timeReadIn(looking),
      looking.map(({ path }) => path),
    );
    const harmless = 'new Date(clock.now()); random = Math.random; /** As Date.now() would say. */';
    assert.deepEqual(timeReadIn([sourceOf('kubelet/harmless.ts', harmless)]), []);
  });

  it('lets no file read the time that does not do so any more', () => {
    const readers = sources.filter(({ text }) => readsTime(text)).map(({ path }) => path);
    assert.deepEqual(
      Object.keys(timeReaders).filter((path) => !readers.includes(path)),
      [],
    );
  });

  // The library's own `matches` is JavaScript's.
  it('runs no CEL expression before its `matches` is of linear time', () => {
    const wrong = sources
      .filter(({ imports }) => imports.includes('@marcbachmann/cel-js'))
      .filter(({ text }) => /\.evaluate\(/.test(text));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
    );
  });

  it('installs no package that nothing imports', () => {
    const { dependencies } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
    const imported = sources.flatMap(({ imports }) => imports);
    const isImported = (name: string) => imported.some((one) => one === name || one.startsWith(`${name}/`));
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => !isImported(name)),
      [],
    );
  });

  it('knows no folder that says nothing', () => {
    const vague = /(^|\/)(util|utils|lib|common|helpers|misc)(\/|\.ts$)/;
    assert.deepEqual(
      sources.map(({ path }) => path).filter((path) => vague.test(path)),
      [],
    );
  });
});

/** Of the kubelet's, comments apart. */
const speakersOfDocker = (files: readonly SourceFile[]): string[] =>
  files
    .filter(({ room, path }) => room === 'kubelet' && !isTesting(path))
    .filter(({ text }) => /docker/i.test(text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, '')))
    .map(({ path }) => path)
    .filter((path) => !dockerSpeakers.some((owner) => path.startsWith(owner)));

function timeReadIn(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path, room }) => timelessRooms.includes(room) && !isTesting(path) && !Object.hasOwn(timeReaders, path))
    .filter(({ text }) => readsTime(text))
    .map(({ path }) => path);
}

/** In code: what a comment says about it does not count. */
function readsTime(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  return /\b(Date\.now|performance\.now|Math\.random)\(\)|\bnew Date\(\)|\bprocess\.hrtime\b/.test(code);
}
