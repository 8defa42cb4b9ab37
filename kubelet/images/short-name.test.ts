import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { shortNameOf } from './short-name.ts';

describe('shortNameOf', () => {
  const cases: [string, string][] = [
    ['busybox:1', 'busybox:1'],
    ['docker.io/library/busybox:1', 'busybox:1'],
    ['docker.io/org/app:2', 'org/app:2'],
    ['index.docker.io/library/busybox:1', 'busybox:1'],
    ['library/busybox:1', 'busybox:1'],
    ['localhost:5000/app', 'localhost:5000/app'],
    ['localhost:5000/app:1@sha256:ab', 'localhost:5000/app@sha256:ab'],
    ['localhost:5000/app@sha256:ab', 'localhost:5000/app@sha256:ab'],
    ['sha256:ab', 'sha256:ab'],
  ];
  for (const [name, expected] of cases) it(name, () => assert.equal(shortNameOf(name), expected));
});
