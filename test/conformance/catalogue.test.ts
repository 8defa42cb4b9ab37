/** docs/conformance.md is true: the areas that it speaks of have each of upstream's tests, here or in its list. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { packageRoot } from '../../base/package-root.ts';
import { areaOf, areas, sourceFiles } from './catalogue.ts';

/** Titles as they are written in the sources of tests: never put together, so that each can be found. */
function writtenTitles(): string[] {
  const literal = /(['"])(\[sig-(?:(?!\1).)*\[Conformance\](?: \[\w+\])*)\1/g;
  return sourceFiles().flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(literal)].map(([, , title = '']) => title),
  );
}

function listedTitles(): string[] {
  const text = readFileSync(join(packageRoot, 'docs/conformance.md'), 'utf8');
  return [...text.matchAll(/^\| (\[sig-.+) \| .+ \|$/gm)].map(([, title = '']) => title);
}

it('no test stands for two of upstream’s, and none is both tested and listed as not yet', () => {
  const all = [...writtenTitles(), ...listedTitles()];
  assert.deepEqual(
    all.filter((title, i) => all.indexOf(title) !== i),
    [],
  );
});

it('titles have the tags of the runner at their end, in order, as upstream has them in 1.37', () => {
  const misplaced = /\[(?:NodeConformance|Serial|Slow|Disruptive)\].*\[Conformance\]/;
  for (const title of [...writtenTitles(), ...listedTitles()]) {
    assert.doesNotMatch(title, misplaced);
    const [, ...tags] = /(\[Conformance\](?: \[\w+\])*)$/.exec(title)?.[1]?.split(' ') ?? [];
    assert.deepEqual(tags, tags.toSorted(), title);
  }
});

it('no area has more tests than upstream’s', () => {
  const titles = writtenTitles();
  for (const [area, total] of Object.entries(areas)) {
    const count = titles.filter((title) => areaOf(title) === area).length;
    assert.ok(count <= total, `${area}: ${count} of ${total}`);
  }
});

for (const area of ['api-machinery', 'cli', 'instrumentation', 'node', 'storage']) {
  it(`all of ${area} is tested or listed with what it waits for`, () => {
    const all = [...writtenTitles(), ...listedTitles()];
    assert.equal(all.filter((title) => areaOf(title) === area).length, areas[area]);
  });
}
