import assert from 'node:assert/strict';
import { it } from 'node:test';
import { whyUpIsRefused } from './run-kubecfg.ts';

it('npm start is told of mistaken flags before it changes the machine', async () => {
  assert.equal(await whyUpIsRefused([]), undefined);
  assert.equal(await whyUpIsRefused(['--no-demo', '--secure-port', '7443']), undefined);
  assert.match((await whyUpIsRefused(['--no-dmeo'])) ?? '', /Unknown argument: (no-)?dmeo/);
  assert.match((await whyUpIsRefused(['--secure-port', '0'])) ?? '', /must be a port/);
});
