/** docs/conformance.md is true: the areas that it speaks of have each of upstream's tests, here or in its list. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../base/package-root.ts';
import { areaOf, areas, clusterTestFiles, testFiles } from './catalogue.ts';

/** Titles as they are written in the sources of tests: never put together, so that each can be found. */
function writtenTitles(): string[] {
  const literal = /(['"])(\[sig-(?:(?!\1).)*\[Conformance\])\1/g;
  return [...testFiles(), ...clusterTestFiles()].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(literal)].map(([, , title = '']) => title),
  );
}

function listedTitles(): string[] {
  const text = readFileSync(join(packageRoot, 'docs/conformance.md'), 'utf8');
  return [...text.matchAll(/^\| (.+) \| (.+) \|$/gm)]
    .filter(([, name]) => name !== 'test')
    .map(([, name]) => `[sig-api-machinery] ${name} [Conformance]`);
}

it('no test stands for two of upstream’s, and none is both tested and listed as not yet', () => {
  const all = [...writtenTitles(), ...listedTitles()];
  assert.deepEqual(
    all.filter((title, i) => all.indexOf(title) !== i),
    [],
  );
});

it('no area has more tests than upstream’s', () => {
  const titles = writtenTitles();
  for (const [area, total] of Object.entries(areas)) {
    const count = titles.filter((title) => areaOf(title) === area).length;
    assert.ok(count <= total, `${area}: ${count} of ${total}`);
  }
});

for (const area of ['api-machinery', 'cli', 'instrumentation']) {
  it(`all of ${area} is tested or listed with what it waits for`, () => {
    const all = [...writtenTitles(), ...listedTitles()];
    assert.equal(all.filter((title) => areaOf(title) === area).length, areas[area]);
  });
}
