import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { makePod } from '../testing/make-pod.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

interface Request {
  readonly spec: {
    readonly audiences: readonly string[];
    readonly expirationSeconds: number;
    readonly boundObjectRef: object;
  };
}

/** Answers with `t1`, `t2` … which live as long as is asked for, unless it is told otherwise. */
class Issuer {
  readonly asked: { readonly account: string; readonly request: Request }[] = [];
  readonly clock = new FakeClock();
  lifetimeSeconds: number | undefined;
  isAway = false;

  async createSubresource(_: unknown, { name }: { readonly name: string }, verb: string, body: object): Promise<never> {
    if (this.isAway) throw new Error('connection refused');
    assert.equal(verb, 'token');
    const request = body as Request;
    this.asked.push({ account: name, request });
    const seconds = this.lifetimeSeconds ?? request.spec.expirationSeconds;
    const expirationTimestamp = new Date(this.clock.now() + seconds * 1000).toISOString();
    return { status: { token: `t${this.asked.length}`, expirationTimestamp } } as never;
  }
}

function start() {
  const issuer = new Issuer();
  const tokens = new ServiceAccountTokens(issuer, issuer.clock);
  const pass = (seconds: number) => issuer.clock.advance(seconds * 1000);
  return { issuer, tokens, pass };
}

const hour = { expirationSeconds: 3600 };

describe('ServiceAccountTokens', () => {
  it('asks for one of the pod’s account, bound to the pod', async () => {
    const { issuer, tokens } = start();
    await tokens.token(makePod(), hour);
    await tokens.token(makePod({ serviceAccountName: 'robot' }, { metadata: { ...makePod().metadata, uid: 'v' } }), {
      audience: 'vault',
      expirationSeconds: 600,
    });
    const [first, second] = issuer.asked;
    const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
    assert.equal(first?.account, 'default');
    assert.deepEqual(first?.request.spec, { audiences: [], expirationSeconds: 3600, boundObjectRef });
    assert.equal(second?.account, 'robot');
    assert.deepEqual(second?.request.spec, {
      audiences: ['vault'],
      expirationSeconds: 600,
      boundObjectRef: { ...boundObjectRef, uid: 'v' },
    });
  });

  it('keeps it until four fifths of its life are over', async () => {
    const { tokens, pass } = start();
    assert.equal(await tokens.token(makePod(), hour), 't1');
    await pass(2879);
    assert.equal(await tokens.token(makePod(), hour), 't1');
    await pass(1);
    assert.equal(await tokens.token(makePod(), hour), 't2');
  });

  it('goes by the life that the API server gave it', async () => {
    const { issuer, tokens, pass } = start();
    issuer.lifetimeSeconds = 1000;
    assert.equal(await tokens.token(makePod(), hour), 't1');
    await pass(800);
    assert.equal(await tokens.token(makePod(), hour), 't2');
  });

  it('keeps none for longer than a day', async () => {
    const { tokens, pass } = start();
    const year = { expirationSeconds: 365 * 24 * 3600 };
    assert.equal(await tokens.token(makePod(), year), 't1');
    await pass(24 * 3600);
    assert.equal(await tokens.token(makePod(), year), 't2');
  });

  it('keeps one for each pod, audience and life', async () => {
    const { tokens } = start();
    const other = makePod({}, { metadata: { ...makePod().metadata, uid: 'v' } });
    const found = [
      await tokens.token(makePod(), hour),
      await tokens.token(other, hour),
      await tokens.token(makePod(), { ...hour, audience: 'vault' }),
      await tokens.token(makePod(), { expirationSeconds: 600 }),
      await tokens.token(makePod(), hour),
    ];
    assert.deepEqual(found, ['t1', 't2', 't3', 't4', 't1']);
  });

  it('goes on with one that still lives while the API server is away, and asks again', async () => {
    const { issuer, tokens, pass } = start();
    await tokens.token(makePod(), hour);
    issuer.isAway = true;
    await pass(3599);
    assert.equal(await tokens.token(makePod(), hour), 't1');
    await pass(1);
    await assert.rejects(tokens.token(makePod(), hour), { message: 'connection refused' });
    issuer.isAway = false;
    assert.equal(await tokens.token(makePod(), hour), 't2');
  });
});
