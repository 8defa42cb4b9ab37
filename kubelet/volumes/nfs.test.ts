import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nfsSource } from './nfs.ts';

describe('nfsSource', () => {
  for (const [server, path, source] of [
    ['files.example', '/export', 'files.example:/export'],
    ['192.0.2.1', '/a b', '192.0.2.1:/a b'],
    ['2001:db8::1', '/x', '[2001:db8::1]:/x'],
    ['-o', '/x', '-o:/x'],
  ] as const)
    it(`of ${server} ${path}`, () => assert.equal(nfsSource({ server, path }), source));

  for (const [server, path] of [
    ['', '/x'],
    ['a b', '/x'],
    ['a/b', '/x'],
    ['files.example', 'relative'],
  ] as const)
    it(`refuses ${JSON.stringify(server)} ${path}`, () => assert.throws(() => nfsSource({ server, path })));
});
