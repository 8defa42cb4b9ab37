import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { KubeletFlagValues } from './kubelet-flags.ts';
import { type KubeletSettings, parseKubeletFlags } from './kubelet-settings.ts';

const usual: Omit<KubeletSettings, 'pressure'> = {
  allowedUnsafeSysctls: [],
  imageVerification: { policy: 'NeverVerifyPreloadedImages', allowlist: [] },
  keptLogs: '256Mi',
  logRotation: { maxSize: '10Mi', maxFiles: 5 },
  shutdownPeriods: [],
};
const allowlisted = 'NeverVerifyAllowlistedImages';
const cases: readonly [flags: KubeletFlagValues, wanted: Partial<KubeletSettings>][] = [
  [{}, {}],
  [{ 'pod-max-pids': '-1' }, { podMaxPids: -1 }],
  [{ 'pod-max-pids': ['100', 200] }, { podMaxPids: 200 }],
  [
    { 'allowed-unsafe-sysctls': ['kernel.msg*,net.core.somaxconn', 'fs.mqueue.*'] },
    { allowedUnsafeSysctls: ['kernel.msg*', 'net.core.somaxconn', 'fs.mqueue.*'] },
  ],
  [{ 'max-container-restart-period': '30s' }, { maxRestartPeriodMs: 30_000 }],
  [{ 'drain-bound': '0s' }, { drainBoundMs: 0 }],
  [{ 'max-parallel-image-pulls': '1' }, { maxParallelImagePulls: 1 }],
  [{ 'container-log-max-size': '1Mi' }, { logRotation: { maxSize: '1Mi', maxFiles: 5 } }],
  [{ 'container-log-max-files': '2' }, { logRotation: { maxSize: '10Mi', maxFiles: 2 } }],
  [{ 'shutdown-grace-period-by-pod-priority': ['0=60s'] }, { shutdownPeriods: [{ priority: 0, seconds: 60 }] }],
  [{ 'kept-logs-max-size': '0' }, { keptLogs: '0' }],
  [
    { 'image-pull-credentials-verification-policy': 'AlwaysVerify' },
    { imageVerification: { policy: 'AlwaysVerify', allowlist: [] } },
  ],
  [
    {
      'image-pull-credentials-verification-policy': allowlisted,
      'preloaded-images-verification-allowlist': 'registry.example/*,busybox',
    },
    { imageVerification: { policy: allowlisted, allowlist: ['registry.example/*', 'busybox'] } },
  ],
];
const mistakes: readonly [flags: KubeletFlagValues, says: RegExp][] = [
  [{ 'pod-max-pids': '1e3' }, /^--pod-max-pids must be a whole number, not "1e3"$/],
  [{ 'drain-bound': '1h' }, /^--drain-bound 1h must be a duration from 0s to 5m/],
  [{ 'max-container-restart-period': '1h' }, /^--max-container-restart-period 1h must be a duration from 1s to 5m/],
  [{ 'max-parallel-image-pulls': '0' }, /^--max-parallel-image-pulls must be a whole number from 1 on/],
  [{ 'container-log-max-size': 'much' }, /^--container-log-max-size must be an amount of bytes/],
  [{ 'container-log-max-size': '0' }, /^--container-log-max-size must be an amount of bytes/],
  [{ 'container-log-max-files': '1' }, /^--container-log-max-files must be a whole number of at least 2/],
  [{ 'kept-logs-max-size': '-1' }, /^--kept-logs-max-size must be an amount of bytes/],
  [{ 'preloaded-images-verification-allowlist': 'a' }, /is for --image-pull-credentials-verification-policy/],
  [{ 'image-gc-high-threshold': '101' }, /^--image-gc-high-threshold/],
];

describe('parseKubeletFlags', () => {
  for (const [flags, wanted] of cases)
    it(`reads ${JSON.stringify(flags)}`, () => {
      const { pressure: _, ...settings } = parseKubeletFlags(flags);
      assert.deepEqual(settings, { ...usual, ...wanted });
    });

  it('reads what is done when the node runs short', () => {
    assert.equal(parseKubeletFlags({ 'eviction-max-pod-grace-period': ['7'] }).pressure?.maxPodGraceSeconds, 7);
  });

  for (const [flags, says] of mistakes)
    it(`refuses ${JSON.stringify(flags)}`, () => assert.throws(() => parseKubeletFlags(flags), { message: says }));
});
