import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commands } from '../../commands.ts';
import { globalOptions } from '../../options.ts';
import { wantedAt } from './wanted.ts';

const at = (...words: string[]) => wantedAt(words, { commands, globals: globalOptions });
const wordsAt = (...words: string[]) => {
  const wanted = at(...words);
  return wanted.type === 'words' ? wanted.words : [];
};

describe('completion', () => {
  it('offers verbs, flags and the values of flags', () => {
    assert.ok(wordsAt('').includes('get'));
    assert.ok(wordsAt('-n', 'web', 'de').includes('delete'));
    assert.ok(wordsAt('get', '--').includes('--sort-by'));
    assert.ok(wordsAt('get', '--').includes('--namespace'));
    assert.deepEqual(wordsAt('run', 'x', '--restart', ''), ['Always', 'OnFailure', 'Never']);
  });

  it('offers resources, then names in the namespace that is named', () => {
    assert.deepEqual(at('get', ''), { type: 'resources' });
    assert.deepEqual(at('get', '-n', 'web', 'pods', ''), {
      type: 'names',
      resource: 'pods',
      prefix: '',
      namespace: 'web',
    });
    assert.deepEqual(at('delete', 'svc/x'), { type: 'names', resource: 'svc', prefix: 'svc/', namespace: undefined });
    assert.equal(at('logs', '-f', '').type, 'names');
    assert.equal(at('drain', '').type, 'names');
  });

  it('offers nothing for what is somebody else’s', () => {
    assert.equal(at('exec', 'web', '--', 'l').type, 'nothing');
    assert.equal(at('nonsense', '').type, 'nothing');
  });
});
