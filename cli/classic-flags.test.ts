import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { expandClassicFlags } from './classic-flags.ts';

describe('expandClassicFlags', () => {
  const cases: [string, string][] = [
    ['-image nginx -p 80:80 run x 2 y', '--image nginx -p 80:80 run x 2 y'],
    ['-image=nginx rollingupdate web', '--image=nginx rollingupdate web'],
    ['-json list pods', '--json list pods'],
    ['--json list pods', '--json list pods'],
    ['-template_file=t list pods', '--template_file=t list pods'],
    ['-certificate_authority ca.crt list pods', '--certificate-authority ca.crt list pods'],
    ['-ns dev list pods', '--namespace dev list pods'],
    ['-h http://10.0.0.1:8080 list pods', '--host http://10.0.0.1:8080 list pods'],
    ['get -h', 'get --help'],
    ['-h -json', '--help --json'],
    ['-V', '--version'],
    ['get pods -o wide -n dev -A', 'get pods -o wide -n dev -A'],
    ['logs web -- -json', 'logs web -- -json'],
  ];
  for (const [given, expected] of cases) {
    it(`turns "${given}" into "${expected}"`, () => {
      assert.deepEqual(expandClassicFlags(given.split(' ')), expected.split(' '));
    });
  }
});
