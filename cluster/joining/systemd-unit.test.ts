import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { workerUnitText } from './systemd-unit.ts';

const lineOf = (text: string, start: string): string => text.split('\n').find((line) => line.startsWith(start)) ?? '';

describe('the unit of a worker', () => {
  const words: readonly (readonly [word: string, written: string])[] = [
    ['/usr/bin/node', '/usr/bin/node'],
    ['/opt/my apps/node', '"/opt/my apps/node"'],
    ['100%', '100%%'],
    ['$HOME', '$$HOME'],
    ['say "hi" \\', '"say \\"hi\\" \\\\"'],
    ['', '""'],
    [';', '";"'],
  ];
  for (const [word, written] of words) {
    it(`runs ${JSON.stringify(word)} as it is`, () =>
      assert.equal(lineOf(workerUnitText({ command: ['/bin/x', word] }), 'ExecStart='), `ExecStart=/bin/x ${written}`));
  }

  it('refuses words of two lines', () => assert.throws(() => workerUnitText({ command: ['/bin/x', 'a\nUser=b'] })));

  it('sets variables as they are', () => {
    const text = workerUnitText({ command: ['/bin/x'], environment: { DOCKER_HOST: 'unix:///run/my docker$.sock' } });
    assert.equal(lineOf(text, 'Environment='), 'Environment="DOCKER_HOST=unix:///run/my docker$.sock"');
  });

  it('comes after Docker, does not end with it, and comes back', () => {
    const text = workerUnitText({ command: ['/bin/x'] });
    assert.match(text, /^After=.*docker\.service$/m);
    assert.doesNotMatch(text, /^(Requires|BindsTo|PartOf)=/m);
    assert.match(text, /^Restart=always$/m);
    assert.match(text, /^KillMode=mixed$/m);
  });
});
