import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { quotaUsageOf } from '../../../api/quota/quota-usages.ts';
import { resourceQuotas } from '../../../api/resources/core.ts';
import { notFound } from '../../../api/status-error.ts';
import { systemClock } from '../../../base/clock.ts';
import { silentLogger } from '../../../base/logger.ts';
import { type ChargeRequest, QuotaCharger, type QuotaStatusWriter } from './quota-charger.ts';
import type { CountedWrite, Quota } from './quota-check.ts';

/** Quotas in a store that takes a turn for each write, and in which others write too. */
class Quotas implements QuotaStatusWriter {
  readonly used = new Map<string, Record<string, string>>();
  writes = 0;
  /** Called between a decision and its write: true makes the write collide. */
  collide: () => boolean = () => false;
  readonly #hard: Readonly<Record<string, string>>;

  constructor(hard: Readonly<Record<string, string>>) {
    this.#hard = hard;
    for (const name of Object.keys(hard)) this.used.set(name, { secrets: '0' });
  }

  async updateUsed({ name }: { readonly name: string }, change: Parameters<QuotaStatusWriter['updateUsed']>[1]) {
    for (;;) {
      const used = this.used.get(name);
      if (used === undefined) throw notFound(resourceQuotas, name);
      const next = change(this.#quota(name, used));
      await new Promise((resolve) => setImmediate(resolve));
      if (this.collide()) continue;
      if (next !== undefined) {
        this.used.set(name, next);
        this.writes += 1;
      }
      return;
    }
  }

  #quota(name: string, used: Record<string, string>): Quota {
    const metadata = { name, uid: name, namespace: 'shop', resourceVersion: '1', creationTimestamp: '' };
    return {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata,
      status: { hard: { secrets: this.#hard[name] ?? '0' }, used },
    };
  }
}

function secret(): CountedWrite {
  const usage = quotaUsageOf({ group: '', plural: 'secrets' });
  assert.ok(usage);
  return { usage, object: { metadata: { name: 's' } }, previous: undefined, now: 0 };
}

const request = (quotas: readonly string[], dryRun = false): ChargeRequest => ({
  namespace: 'shop',
  write: secret(),
  quotas,
  dryRun,
});

const chargerOf = (writer: QuotaStatusWriter) => new QuotaCharger({ writer, clock: systemClock, logger: silentLogger });

describe('QuotaCharger', () => {
  it('grants as many as there is room for to many at once, in few writes', async () => {
    const quotas = new Quotas({ q: '30' });
    const charger = chargerOf(quotas);
    const outcomes = await Promise.all(Array.from({ length: 100 }, () => charger.charge(request(['q']))));
    const refused = outcomes.filter(({ refusal }) => refusal !== undefined);
    assert.equal(refused.length, 70);
    assert.equal(refused[0]?.refusal, 'exceeded quota: q, requested: secrets=1, used: secrets=30, limited: secrets=30');
    assert.deepEqual(quotas.used.get('q'), { secrets: '30' });
    assert.ok(quotas.writes <= 3, `${quotas.writes} writes`);
  });

  it('judges by the version that it replaces: another server took the last place', async () => {
    const quotas = new Quotas({ q: '1' });
    let collisions = 0;
    quotas.collide = () => {
      collisions += 1;
      if (collisions === 1) quotas.used.set('q', { secrets: '1' });
      return collisions === 1;
    };
    const { refusal } = await chargerOf(quotas).charge(request(['q']));
    assert.match(refusal ?? '', /used: secrets=1/);
    assert.deepEqual(quotas.used.get('q'), { secrets: '1' });
  });

  it('gives back what one quota granted when another refuses', async () => {
    const quotas = new Quotas({ a: '5', b: '0' });
    const charger = chargerOf(quotas);
    const { refusal } = await charger.charge(request(['a', 'b']));
    assert.match(refusal ?? '', /^exceeded quota: b/);
    // Whatever comes next is behind what is given back.
    await charger.charge(request(['a'], true));
    assert.deepEqual(quotas.used.get('a'), { secrets: '0' });
  });

  it('gives back once', async () => {
    const quotas = new Quotas({ q: '5' });
    const charger = chargerOf(quotas);
    await charger.charge(request(['q']));
    const { giveBack } = await charger.charge(request(['q']));
    giveBack();
    giveBack();
    await charger.charge(request(['q'], true));
    assert.deepEqual(quotas.used.get('q'), { secrets: '1' });
  });

  it('takes nothing for a dry run, and says what it would say', async () => {
    const quotas = new Quotas({ q: '1' });
    const charger = chargerOf(quotas);
    assert.equal((await charger.charge(request(['q'], true))).refusal, undefined);
    assert.equal((await charger.charge(request(['q']))).refusal, undefined);
    assert.match((await charger.charge(request(['q'], true))).refusal ?? '', /exceeded/);
  });

  it('does without a quota that is gone, and fails with the store', async () => {
    const charger = chargerOf(new Quotas({}));
    assert.equal((await charger.charge(request(['gone']))).refusal, undefined);
    const failing = chargerOf({ updateUsed: () => Promise.reject(new Error('no store')) });
    await assert.rejects(failing.charge(request(['q'])), /no store/);
    await assert.rejects(failing.charge(request(['q'])), /no store/);
  });
});
