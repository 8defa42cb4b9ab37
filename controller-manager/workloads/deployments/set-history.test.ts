import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  annotationsAfterRollback,
  annotationsOfCurrent,
  historyOf,
  lastRevision,
  maxRevision,
  revisionAnnotation,
  revisionHistoryAnnotation,
  setsToCleanUp,
  wasScaled,
} from './set-history.ts';
import { pictureDeployment, pictureSet, type SetPicture } from './testing/deployment-pictures.ts';

const deployment = pictureDeployment({ image: 'new' });

describe('history', () => {
  it('has the set of the template, and the others by age', () => {
    const sets = [pictureSet('b', { madeAt: 2 }), pictureSet('new', { madeAt: 3 }), pictureSet('a', { madeAt: 1 })];
    const { current, old } = historyOf(deployment, sets);
    assert.equal(current?.metadata.name, 'new');
    assert.deepEqual(
      old.map(({ metadata }) => metadata.name),
      ['a', 'b'],
    );
  });

  it('takes the oldest of several with the template, by name within a second', () => {
    const sets = ['z', 'y', 'x'].map((name) => pictureSet(name, { image: 'new', madeAt: name === 'x' ? 9 : 1 }));
    assert.equal(historyOf(deployment, sets).current?.metadata.name, 'y');
  });

  it('knows its revisions; what is no number counts as none', () => {
    const sets = [
      pictureSet('a', { revision: 3 }),
      pictureSet('b', { revision: 'x' }),
      pictureSet('c', { revision: 7 }),
    ];
    assert.equal(maxRevision(sets), 7n);
    assert.equal(lastRevision(sets), 3n);
    assert.equal(lastRevision([]), 0n);
    assert.equal(maxRevision([]), 0n);
    assert.equal(maxRevision([pictureSet('a', { revision: '3546343826724305832' })]), 3546343826724305832n);
    assert.equal(maxRevision([pictureSet('a', { revision: '9223372036854775808' })]), 0n);
  });
});

describe('annotations of the current set', () => {
  const cases: readonly (readonly [
    title: string,
    ofDeployment: Record<string, string>,
    before: Record<string, string> | undefined,
    after: Record<string, string>,
  ])[] = [
    ['a new one has the revision', {}, undefined, { [revisionAnnotation]: '5' }],
    [
      'those of the Deployment come along, but not all',
      { why: 'x', [revisionAnnotation]: '1', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      undefined,
      { why: 'x', [revisionAnnotation]: '5' },
    ],
    [
      'an older revision becomes the newest, and is remembered',
      {},
      { [revisionAnnotation]: '2' },
      { [revisionAnnotation]: '5', [revisionHistoryAnnotation]: '2' },
    ],
    [
      'again',
      {},
      { [revisionAnnotation]: '4', [revisionHistoryAnnotation]: '2' },
      { [revisionAnnotation]: '5', [revisionHistoryAnnotation]: '2,4' },
    ],
    ['a newer one stays', {}, { [revisionAnnotation]: '8' }, { [revisionAnnotation]: '8' }],
    ['what is no number stays', {}, { [revisionAnnotation]: 'mine' }, { [revisionAnnotation]: 'mine' }],
  ];
  for (const [title, annotations, before, after] of cases)
    it(title, () => assert.deepEqual(annotationsOfCurrent(pictureDeployment({ annotations }), before, 5n), after));

  it('are the very same where nothing changes', () => {
    const before = { [revisionAnnotation]: '5', other: 'x' };
    assert.equal(annotationsOfCurrent(deployment, before, 5n), before);
  });

  it('forget the oldest revisions when there are too many', () => {
    const history = Array.from({ length: 400 }, (_, i) => String(10_000 + i)).join(',');
    const before = { [revisionAnnotation]: '20000', [revisionHistoryAnnotation]: history };
    const after = annotationsOfCurrent(deployment, before, 20_001n)[revisionHistoryAnnotation] ?? '';
    assert.ok(after.length <= 2000, `${after.length}`);
    assert.ok(after.endsWith('10399,20000'));
  });

  it('replace those of a Deployment that is rolled back, except its own', () => {
    const annotations = { cause: 'bad', gone: 'x', [revisionAnnotation]: '2' };
    const set = pictureSet('a', { revision: 1, annotations: { cause: 'good' } });
    assert.deepEqual(annotationsAfterRollback(pictureDeployment({ annotations }), set), {
      cause: 'good',
      [revisionAnnotation]: '2',
    });
  });
});

describe('clean-up', () => {
  const cases: readonly (readonly [title: string, limit: number | undefined, old: SetPicture[], gone: number[]])[] = [
    ['none beyond the limit', 2, [{ revision: 1 }, { revision: 2 }], []],
    ['the lowest revisions go', 1, [{ revision: 3 }, { revision: 1 }, { revision: 2 }], [1, 2]],
    ['none has to stay', 0, [{ revision: 1 }], [0]],
    ['one with pods stays, and no other goes for it', 1, [{ revision: 1, size: 1 }, { revision: 2 }], []],
    ['one with a status from before stays', 0, [{ revision: 1, generation: 2, status: { observedGeneration: 1 } }], []],
    [
      'one that goes already does not count',
      1,
      [{ revision: 1, deletionTimestamp: '2030-01-01T00:00:00Z' }, { revision: 2 }],
      [],
    ],
    ['without a limit', undefined, [{ revision: 1 }], []],
    ['with the largest limit', 2 ** 31 - 1, [{ revision: 1 }], []],
  ];
  for (const [title, limit, pictures, gone] of cases)
    it(title, () => {
      const old = pictures.map((picture, i) => pictureSet(String(i), picture));
      const of = pictureDeployment(limit === undefined ? {} : { revisionHistoryLimit: limit });
      assert.deepEqual(
        setsToCleanUp(of, old),
        gone.map((i) => old[i]),
      );
    });
});

describe('a Deployment was scaled', () => {
  const cases: readonly (readonly [title: string, sets: SetPicture[], scaled: boolean])[] = [
    ['when an active set was sized for another number', [{ size: 3, desired: 3 }], true],
    ['not when it was sized for this one', [{ size: 3, desired: 4 }], false],
    ['not when nothing is noted', [{ size: 3 }], false],
    ['not when the set is empty', [{ size: 0, desired: 9 }], false],
  ];
  for (const [title, pictures, scaled] of cases)
    it(title, () => {
      const history = { current: undefined, old: pictures.map((picture, i) => pictureSet(String(i), picture)) };
      assert.equal(wasScaled(pictureDeployment({ replicas: 4 }), history), scaled);
    });
});
