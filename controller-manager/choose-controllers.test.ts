import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UserError } from '../base/user-error.ts';
import { chooseControllers } from './choose-controllers.ts';

const names = ['a-controller', 'b-controller', 'c-controller'];

describe('chooseControllers', () => {
  const table: readonly [words: string, chosen: readonly string[]][] = [
    ['*', names],
    ['b-controller', ['b-controller']],
    ['c-controller,a-controller', ['a-controller', 'c-controller']],
    ['*,-b-controller', ['a-controller', 'c-controller']],
    ['-b-controller,*', ['a-controller', 'c-controller']],
    ['-b-controller', []],
    ['*,b-controller', names],
    // The first word on a name counts, as upstream.
    ['b-controller,-b-controller', ['b-controller']],
    ['-b-controller,b-controller', []],
    ['', []],
  ];
  for (const [words, chosen] of table)
    it(`"${words}" is ${chosen.length} of them`, () =>
      assert.deepEqual(chooseControllers(names, words.split(',')), chosen));

  it('says what is unknown, and what there is', () => {
    const isClear = (error: unknown) =>
      error instanceof UserError && /no -x, y; there are a-controller, /.test(error.message);
    assert.throws(() => chooseControllers(names, ['*', '-x', 'y']), isClear);
  });
});
