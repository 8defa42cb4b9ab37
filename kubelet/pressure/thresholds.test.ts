import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatQuantity } from '../../api/quantity.ts';
import { UserError } from '../../base/user-error.ts';
import { amountOf, parseThresholds, type Threshold, type ThresholdTexts, type ThresholdValue } from './thresholds.ts';

const none: ThresholdTexts = {
  hard: undefined,
  soft: undefined,
  softGracePeriod: undefined,
  minimumReclaim: undefined,
};
const valueText = (value: ThresholdValue): string =>
  value.type === 'share' ? `${value.share * 100}%` : formatQuantity(value.quantity);
const show = ({ signal, value, gracePeriodMs, minReclaim }: Threshold): string =>
  [
    `${signal}<${valueText(value)}`,
    ...(gracePeriodMs > 0 ? [`${gracePeriodMs} ms`] : []),
    ...(minReclaim ? [`+${valueText(minReclaim)}`] : []),
  ].join(' ');
const parse = (texts: Partial<ThresholdTexts>) => parseThresholds({ ...none, ...texts }).map(show);

describe('parseThresholds', () => {
  it('has the usual ones when nobody says anything', () => {
    assert.deepEqual(parse({}), [
      'imagefs.available<15%',
      'imagefs.inodesFree<5%',
      'memory.available<100Mi',
      'allocatableMemory.available<100Mi',
      'nodefs.available<10%',
      'nodefs.inodesFree<5%',
    ]);
  });

  const taken: [string, Partial<ThresholdTexts>, string[]][] = [
    ['one replaces all', { hard: 'nodefs.available<1Gi' }, ['nodefs.available<1Gi']],
    ['none at all', { hard: '' }, []],
    ['blanks', { hard: ' nodefs.available < 5% , pid.available<1k ' }, ['nodefs.available<5%', 'pid.available<1k']],
    ['switched off', { hard: 'nodefs.available<0%,imagefs.available<100%' }, []],
    ['the last one counts', { hard: 'pid.available<10,pid.available<20' }, ['pid.available<20']],
    [
      'soft ones have their time',
      { hard: '', soft: 'memory.available<1Gi', softGracePeriod: 'memory.available=1m30s' },
      ['memory.available<1Gi 90000 ms'],
    ],
    [
      'what more is to be free',
      { hard: 'nodefs.available<10%,pid.available<5', minimumReclaim: 'nodefs.available=2Gi,memory.available=1Gi' },
      ['nodefs.available<10% +2Gi', 'pid.available<5'],
    ],
  ];
  for (const [name, texts, expected] of taken) it(name, () => assert.deepEqual(parse(texts), expected));

  const refused: [Partial<ThresholdTexts>, RegExp][] = [
    [{ hard: 'nodefs.available' }, /--eviction-hard: malformed pair, expect string<string: nodefs.available/],
    [{ hard: 'disk.available<1Gi' }, /unrecognized eviction signal disk.available/],
    [{ hard: 'allocatableMemory.available<1Gi' }, /unrecognized eviction signal/],
    [{ hard: 'nodefs.available<-5%' }, /must be >= 0%/],
    [{ hard: 'nodefs.available<150%' }, /must be <= 100%/],
    [{ hard: 'nodefs.available<x%' }, /x% is no percentage/],
    [{ hard: 'nodefs.available<0' }, /must be positive: 0/],
    [{ hard: 'nodefs.available<-1Gi' }, /must be positive/],
    [{ hard: 'nodefs.available<many' }, /--eviction-hard: many: quantities must match/],
    [
      { soft: 'nodefs.available<1Gi' },
      /grace period must be specified for the soft eviction threshold nodefs.available/,
    ],
    [{ softGracePeriod: 'nodefs.available=soon' }, /invalid duration "soon"/],
    [{ softGracePeriod: 'nodefs.available=-1s' }, /must be a positive value/],
    [{ minimumReclaim: 'nodefs.available=-1Gi' }, /negative eviction minimum reclaim specified for nodefs.available/],
    [{ minimumReclaim: 'nodefs.available<1Gi' }, /malformed pair, expect string=string/],
  ];
  for (const [texts, message] of refused)
    it(`refuses ${Object.values(texts).join(' ')}`, () =>
      assert.throws(
        () => parseThresholds({ ...none, ...texts }),
        (error) => error instanceof UserError && message.test(error.message),
      ));
});

it('reads a share of what there is in whole units', () => {
  assert.equal(amountOf({ type: 'share', share: 0.1 }, { capacity: 1005 }), 100);
});
