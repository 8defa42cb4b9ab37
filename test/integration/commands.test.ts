/** What the commands of package.json answer to a question or a mistake: at once, in a sentence, without a stack. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { it } from 'node:test';
import { packageRoot } from '../../base/package-root.ts';

const { scripts } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

const cases: readonly [command: string, code: number, says: RegExp][] = [
  ['test nosuchthing', 1, /No stage and no test file matches nosuchthing/],
  ['test --help', 0, /only these stages/],
  ['test:engines', 0, /test:engines -- VERSION/],
  ['test:engines 99', 1, /There is no engine 99/],
  ['test:engines 28 nosuchthing', 1, /matches nosuchthing/],
  ['golden --help', 0, /npm run golden --/],
  ['golden nosuchfile', 1, /There is no file or folder nosuchfile/],
  ['conformance --help', 0, /npm run conformance --/],
  ['conformance frob', 1, /"frob" is in the path of no test file/],
  ['fuzz --minutes x', 1, /--minutes takes a number/],
  ['soak', 1, /npm run soak --/],
  ['soak kills --count x', 1, /--count takes a whole number/],
  ['bench', 0, /Benchmarks: api/],
  ['bench frob', 1, /No benchmark frob/],
];

for (const [command, code, says] of cases) {
  it(`${command} ends with ${code}`, async () => {
    const [name = '', ...words] = command.split(' ');
    const script = (scripts[name] ?? '').replace(/^(?:exec )?node /, '').split(' ');
    const child = spawn(process.execPath, [...script, ...words], { cwd: packageRoot, timeout: 60_000 });
    const output = Promise.all([text(child.stdout), text(child.stderr)]);
    const [ended] = (await once(child, 'close')) as [number | null];
    const said = (await output).join('');
    assert.match(said, says);
    assert.equal(ended, code);
    assert.doesNotMatch(said, /^ +at .*:\d+:\d+/m, 'no stack');
  });
}
