import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseImageName } from './image-name.ts';

describe('parseImageName', () => {
  for (const [text, name, registry] of [
    ['busybox', 'busybox:latest', 'docker.io'],
    ['busybox:1', 'busybox:1', 'docker.io'],
    ['team/app', 'team/app:latest', 'docker.io'],
    ['localhost:5000/app:1', 'localhost:5000/app:1', 'localhost:5000'],
    ['registry.example.com/a/b', 'registry.example.com/a/b:latest', 'registry.example.com'],
    [`a@sha256:${'0'.repeat(64)}`, `a@sha256:${'0'.repeat(64)}`, 'docker.io'],
  ] as const)
    it(`reads ${text}`, () => assert.deepEqual(parseImageName(text), { name, registry }));

  it('says what is wrong with upper case', () => {
    const error = 'invalid reference format: repository name (library/NOT) must be lowercase';
    assert.deepEqual(parseImageName('NOT:VALID:NAME'), { error });
  });

  for (const text of ['', 'a:', 'a b', 'a//b', '-a'])
    it(`refuses "${text}"`, () => assert.deepEqual(parseImageName(text), { error: 'invalid reference format' }));
});
