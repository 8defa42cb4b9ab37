import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { actionOf, type Caller } from './authorizer.ts';
import { apiServerName, ReviewingAuthorizer } from './reviewing-authorizer.ts';

const jane: Caller = { name: 'jane', groups: ['system:authenticated'] };

/** An API server that lets some do some. */
class Api {
  isAway = false;
  /** `name verb subresource` */
  readonly allowed: Set<string>;
  readonly asked: string[] = [];

  constructor(...allowed: string[]) {
    this.allowed = new Set(allowed);
  }

  async mayDo({ name }: Caller, verb: string, subresource: string): Promise<boolean> {
    this.asked.push(`${name} ${verb} ${subresource}`);
    if (this.isAway) throw new Error('it is away');
    return this.allowed.has(`${name} ${verb} ${subresource}`);
  }
}

describe('the authorizer of a kubelet', () => {
  const pods = (caller: Caller) => actionOf(caller, { method: 'GET', root: 'pods' });

  it('asks for the narrow right, and then for the wide one', async () => {
    for (const [allowed, asked] of [
      ['jane get pods', ['jane get pods']],
      ['jane get proxy', ['jane get pods', 'jane get proxy']],
    ] as const) {
      const api = new Api(allowed);
      assert.equal(await new ReviewingAuthorizer(api, new FakeClock()).authorize(pods(jane)), true);
      assert.deepEqual(api.asked, asked);
    }
    const metrics = actionOf(jane, { method: 'GET', root: 'metrics' });
    assert.equal(await new ReviewingAuthorizer(new Api('jane get proxy'), new FakeClock()).authorize(metrics), false);
  });

  it('keeps an answer for a moment, of those who are the same in all that counts', async () => {
    const [api, clock] = [new Api('jane get pods'), new FakeClock()];
    const authorizer = new ReviewingAuthorizer(api, clock);
    await Promise.all([authorizer.authorize(pods(jane)), authorizer.authorize(pods(jane))]);
    await authorizer.authorize(pods(jane));
    assert.equal(api.asked.length, 1);
    for (const other of [
      { ...jane, groups: [] },
      { ...jane, uid: '1' },
      { ...jane, extra: { a: ['b'] } },
    ]) {
      await authorizer.authorize(pods(other));
    }
    assert.equal(api.asked.length, 4);
    api.allowed.clear();
    await clock.advance(9_000);
    assert.equal(await authorizer.authorize(pods(jane)), true);
    await clock.advance(1_000);
    assert.equal(await authorizer.authorize(pods(jane)), false);
    api.allowed.add('jane get pods');
    await clock.advance(4_000);
    assert.equal(await authorizer.authorize(pods(jane)), false);
    await clock.advance(1_000);
    assert.equal(await authorizer.authorize(pods(jane)), true);
  });

  it('lets those go on whom it has let before, while the API server is away, and nobody else', async () => {
    const [api, clock] = [new Api('jane get pods'), new FakeClock()];
    const authorizer = new ReviewingAuthorizer(api, clock);
    await authorizer.authorize(pods(jane));
    const ben = { ...jane, name: 'ben' };
    assert.equal(await authorizer.authorize(pods(ben)), false);
    api.isAway = true;
    await clock.advance(60_000);
    assert.equal(await authorizer.authorize(pods(jane)), true);
    await assert.rejects(async () => authorizer.authorize(pods(ben)), /away/);
    await assert.rejects(async () => authorizer.authorize(actionOf(jane, { method: 'POST', root: 'exec' })), /away/);
    await clock.advance(241_000);
    await assert.rejects(async () => authorizer.authorize(pods(jane)), /away/);
  });

  it('lets the API server in when it cannot be asked', async () => {
    const api = new Api();
    const authorizer = new ReviewingAuthorizer(api, new FakeClock());
    const logs = actionOf({ name: apiServerName, groups: [] }, { method: 'GET', root: 'containerLogs' });
    assert.equal(await authorizer.authorize(logs), false);
    api.isAway = true;
    assert.equal(await authorizer.authorize(pods({ name: apiServerName, groups: [] })), true);
    await assert.rejects(async () => authorizer.authorize(pods({ name: 'kube-apiserver', groups: [apiServerName] })));
  });
});
