import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseImageName, repositoryOf } from './image-name.ts';

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

describe('repositoryOf', () => {
  for (const [image, repository] of [
    ['busybox', 'docker.io/library/busybox'],
    ['busybox:1', 'docker.io/library/busybox'],
    ['library/busybox', 'docker.io/library/busybox'],
    ['docker.io/busybox', 'docker.io/library/busybox'],
    ['index.docker.io/team/app:1', 'docker.io/team/app'],
    [`localhost:5000/a/b:1@sha256:${'0'.repeat(64)}`, 'localhost:5000/a/b'],
    [`sha256:${'a'.repeat(64)}`, 'docker.io/library/sha256'],
    ['NOT A NAME', 'NOT A NAME'],
  ] as const)
    it(`of ${image} is ${repository}`, () => assert.equal(repositoryOf(image), repository));
});
