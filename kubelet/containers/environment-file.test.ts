import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { findVariable, readEnvironmentFile } from './environment-file.ts';

describe('findVariable', () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ['a value', "A='one'", 'one'],
    ['the first of two', "A='one'\nA='two'\n", 'one'],
    ['nothing special in it', "A='$B \\n #x'\n", '$B \\n #x'],
    ['several lines', "B='x\ny'\nA='one\ntwo'\n", 'one\ntwo'],
    ['blank lines and comments before it', "\n  \n# A='no'\n  A='one' # why\n", 'one'],
    ['a space before the quote', "A= 'one'\n", ''],
    ['another name', "B='one'\n", undefined],
    ['an empty file', '', undefined],
    ['what comes later need not be right', "A='one'\nnonsense", 'one'],
  ];
  for (const [what, text, value] of cases) it(what, () => assert.equal(findVariable(text, 'A'), value));

  const wrong = [
    ['no quotes', 'A=one\n', 1],
    ['a space before =', "A ='one'\n", 1],
    ['no =', "B='x'\nA\n", 2],
    ['no name', "='one'\n", 1],
    ['a quote that does not end', "A='one\n", 1],
    ['something after it', "A='one' two\n", 1],
  ] as const;
  for (const [what, text, line] of wrong)
    it(`refuses ${what}`, () =>
      assert.throws(() => findVariable(text, 'A'), { message: `line ${line} is not NAME='value'` }));
});

describe('readEnvironmentFile', () => {
  it('reads what lies in the volume, and makes and follows nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'environment-file-'));
    try {
      await writeFile(join(folder, 'file.env'), "A='one'\n");
      await symlink('/etc/hostname', join(folder, 'outside'));
      assert.equal(await readEnvironmentFile(folder, 'file.env', 'A'), 'one');
      await assert.rejects(readEnvironmentFile(folder, 'missing.env', 'A'), { code: 'ENOENT' });
      await assert.rejects(readEnvironmentFile(folder, 'missing.env', 'A'), { code: 'ENOENT' }); // still
      await assert.rejects(readEnvironmentFile(folder, 'outside', 'A'), { name: 'PathLeavesFolderError' });
      await assert.rejects(readEnvironmentFile(folder, '.', 'A'), { message: 'it is no file' });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
