import { describe } from 'node:test';
import { FakeRuntime } from './fake-runtime.ts';
import { testRuntime } from './runtime-conformance.ts';

describe('FakeRuntime', () => {
  testRuntime(async () => {
    const runtime = new FakeRuntime();
    runtime.addImage('busybox:1');
    return { runtime, imageName: 'busybox:1' };
  });
});
