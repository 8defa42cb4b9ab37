import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { writeAmounts } from '../../api/amounts.ts';
import { UserError } from '../../base/user-error.ts';
import { type PressureTexts, parsePressureOptions, reservationsOf } from './pressure-options.ts';

describe('parsePressureOptions', () => {
  it('is as usual when nobody says anything', () => {
    const { thresholds, systemReserved, kubeReserved, ...rest } = parsePressureOptions();
    assert.equal(thresholds.length, 6);
    assert.deepEqual([systemReserved.size, kubeReserved.size], [0, 0]);
    assert.deepEqual(rest, {
      maxPodGraceSeconds: 0,
      transitionMs: 300_000,
      images: { highThresholdPercent: 85, lowThresholdPercent: 80, minimumAgeMs: 120_000, maximumAgeMs: 0 },
      deadContainers: { minimumAgeMs: 0, mostPerContainer: 1, most: -1 },
    });
  });

  it('reads what is said', () => {
    const options = parsePressureOptions({
      'eviction-max-pod-grace-period': '-1',
      'eviction-pressure-transition-period': '30s',
      'system-reserved': 'cpu=200m',
      'image-gc-high-threshold': '60',
      'image-gc-low-threshold': '50',
      'image-maximum-gc-age': '168h',
      'maximum-dead-containers': '10',
    });
    assert.deepEqual([options.maxPodGraceSeconds, options.transitionMs], [-1, 30_000]);
    assert.deepEqual(writeAmounts(options.systemReserved), { cpu: '200m' });
    assert.deepEqual([options.images.lowThresholdPercent, options.images.maximumAgeMs], [50, 604_800_000]);
    assert.equal(options.deadContainers.most, 10);
  });

  const refused: [PressureTexts, RegExp][] = [
    [{ 'image-gc-high-threshold': '101' }, /invalid HighThresholdPercent 101, must be in range \[0-100\]/],
    [{ 'image-gc-low-threshold': '-1' }, /invalid LowThresholdPercent -1, must be in range \[0-100\]/],
    [{ 'image-gc-low-threshold': '90' }, /LowThresholdPercent 90 can not be higher than HighThresholdPercent 85/],
    [{ 'minimum-image-ttl-duration': '2' }, /--minimum-image-ttl-duration: time: invalid duration "2"/],
    [{ 'eviction-pressure-transition-period': '-1s' }, /invalid duration "-1s"/],
    [{ 'maximum-dead-containers': 'all' }, /--maximum-dead-containers must be a whole number: all/],
    [{ 'kube-reserved': 'gpu=1' }, /--kube-reserved: cannot reserve "gpu" resource/],
  ];
  for (const [texts, message] of refused)
    it(`refuses ${JSON.stringify(texts)}`, () =>
      assert.throws(
        () => parsePressureOptions(texts),
        (error) => error instanceof UserError && message.test(error.message),
      ));
});

it('keeps free what hard thresholds say', () => {
  const size = { memoryBytes: 2 ** 30, storageBytes: 1000 };
  assert.deepEqual(reservationsOf(parsePressureOptions(), size).keptFree, {
    memoryBytes: 100 * 2 ** 20,
    storageBytes: 100,
  });
  const soft = parsePressureOptions({
    'eviction-hard': '',
    'eviction-soft': 'memory.available<1Gi',
    'eviction-soft-grace-period': 'memory.available=1m',
  });
  assert.deepEqual(reservationsOf(soft, size).keptFree, { memoryBytes: 0, storageBytes: 0 });
});
