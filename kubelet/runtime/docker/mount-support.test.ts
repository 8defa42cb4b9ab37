import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readRecursiveReadOnly } from './mount-support.ts';

const runtimesWith = (features: string) => ({
  runc: { path: 'runc', status: { 'org.opencontainers.runtime-spec.features': features } },
  other: { path: 'other' },
});
const able = runtimesWith('{"ociVersionMin":"1.0.0","mountOptions":["ro","rro"]}');

const cases: readonly [says: string, info: unknown, wanted: boolean][] = [
  ['a new one', { KernelVersion: '6.1.0-13-amd64', DefaultRuntime: 'runc', Runtimes: able }, true],
  ['the first kernel that can', { KernelVersion: '5.12.0', DefaultRuntime: 'runc', Runtimes: able }, true],
  ['an older kernel', { KernelVersion: '5.10.0-26', DefaultRuntime: 'runc', Runtimes: able }, false],
  ['much older', { KernelVersion: '4.19.0', DefaultRuntime: 'runc', Runtimes: able }, false],
  ['another runtime by default', { KernelVersion: '6.1.0', DefaultRuntime: 'other', Runtimes: able }, false],
  ['no such runtime', { KernelVersion: '6.1.0', DefaultRuntime: 'constructor', Runtimes: able }, false],
  [
    'a runtime without it',
    { KernelVersion: '6.1.0', DefaultRuntime: 'runc', Runtimes: runtimesWith('{"mountOptions":["ro"]}') },
    false,
  ],
  ['no JSON', { KernelVersion: '6.1.0', DefaultRuntime: 'runc', Runtimes: runtimesWith('{') }, false],
  ['before 1.44', { KernelVersion: '6.1.0', DefaultRuntime: 'runc', Runtimes: { runc: { path: 'runc' } } }, false],
  ['nothing', undefined, false],
];

describe('readRecursiveReadOnly', () => {
  for (const [says, info, wanted] of cases)
    it(`takes an engine that says ${says}`, () => assert.equal(readRecursiveReadOnly(info), wanted));
});
