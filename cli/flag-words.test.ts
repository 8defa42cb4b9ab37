import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type CommandOptions, expandFlags, verbIn } from './flag-words.ts';

const options: CommandOptions = {
  stdin: { type: 'boolean', alias: 'i' },
  tty: { type: 'boolean', alias: 't' },
  'no-headers': { type: 'boolean' },
  output: { type: 'string', alias: 'o' },
  filename: { type: 'string', alias: 'f', array: true },
  tail: { type: 'string' },
  'dry-run': { type: 'string', implied: 'client' },
};

describe('expandFlags', () => {
  const cases: readonly (readonly [line: string, expanded: string])[] = [
    ['exec -it web', 'exec --stdin=true --tty=true web'],
    ['get -ojson pods', 'get --output=json pods'],
    ['get -o=json pods', 'get --output=json pods'],
    ['get -o json pods', 'get --output=json pods'],
    ['get -itojson', 'get --stdin=true --tty=true --output=json'],
    ['apply -f - --dry-run', 'apply --filename=- --dry-run=client'],
    ['apply --dry-run web -f x', 'apply --dry-run=client web --filename=x'],
    ['apply --dry-run=server', 'apply --dry-run=server'],
    ['logs web --tail -1', 'logs web --tail=-1'],
    ['get --no-headers pods', 'get --no-headers=true pods'],
    ['get --no-headers=false pods', 'get --no-headers=false pods'],
    ['exec web -- ls -ojson', 'exec web -- ls -ojson'],
    ['get pods -o', 'get pods -o'],
    ['get -xyz', 'get -xyz'],
    ['label pod web app-', 'label pod web app-'],
  ];
  for (const [line, expanded] of cases)
    it(line, () => assert.equal(expandFlags(line.split(' '), options).join(' '), expanded));
});

describe('verbIn', () => {
  const cases: readonly (readonly [line: string, verb: string | undefined])[] = [
    ['get pods', 'get'],
    ['-o json get pods', 'get'],
    ['-i get pods', 'get'],
    ['--output=x --unknown get', 'get'],
    ['-i', undefined],
    ['-i -- get', undefined],
  ];
  for (const [line, verb] of cases) it(line, () => assert.equal(verbIn(line.split(' '), options), verb));
});
