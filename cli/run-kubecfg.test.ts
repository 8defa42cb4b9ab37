import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runKubecfg, whyUpIsRefused } from './run-kubecfg.ts';

it('npm start is told of mistaken flags before it changes the machine', async () => {
  assert.equal(await whyUpIsRefused([]), undefined);
  assert.equal(await whyUpIsRefused(['--no-demo', '--secure-port', '7443']), undefined);
  assert.match((await whyUpIsRefused(['--no-dmeo'])) ?? '', /Unknown argument: (no-)?dmeo/);
  assert.match((await whyUpIsRefused(['--secure-port', '0'])) ?? '', /must be a port/);
});

describe('kubecfg, given words that it does not know or misses', () => {
  const cases: [line: string, says: RegExp][] = [
    ['frobnicate pods', /unknown command "frobnicate" for "kubecfg"; "kubecfg --help" lists the commands/],
    ['gett pods', /Did you mean get\?/],
    ['get pods --frob', /Unknown argument: frob; "kubecfg get --help" lists what there is/],
    ['get pods --all-namespaces=maybe', /invalid argument "maybe" for "--all-namespaces" flag/],
    ['token', /^usage: kubecfg token <action> \[id\]\n.*"kubecfg token --help" says more/],
  ];
  for (const [line, says] of cases) {
    it(`says where to look: ${line}`, async () => {
      let errors = '';
      const code = await runKubecfg(line.split(' '), {
        out: { write: () => undefined },
        errors: { write: (text) => (errors += String(text)) },
        signal: new AbortController().signal,
      });
      assert.equal(code, 1);
      assert.match(errors, says);
    });
  }
});
