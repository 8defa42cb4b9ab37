import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { FlowControl } from '../flow-control/flow-control.ts';
import { ArrivalLimit } from '../server/request-limits.ts';
import { RequestMetrics } from '../server/request-metrics.ts';
import { type PipelineParts, passRequest } from '../server/request-pipeline.ts';
import { readBody } from './body.ts';
import { BodyBudget } from './body-budget.ts';

const refused = { name: 'StatusError', code: 429 };

describe('the budget of bodies', () => {
  it('refuses what does not fit and counts nothing of it', () => {
    const budget = new BodyBudget({ maxBytes: 100, shareOfOneClient: 1 });
    const share = budget.open('a');
    share.take(60);
    assert.throws(() => share.take(41), refused);
    share.take(40);
    assert.equal(budget.bytes, 100);
    assert.throws(() => budget.open('b').take(1), refused);
  });

  it('leaves room for others when one client is greedy', () => {
    const budget = new BodyBudget({ maxBytes: 100, shareOfOneClient: 0.5 });
    budget.open('greedy').take(30);
    assert.throws(() => budget.open('greedy').take(21), refused);
    budget.open('modest').take(50);
  });

  it('takes bytes back once', () => {
    const budget = new BodyBudget({ maxBytes: 100 });
    const share = budget.open('a');
    share.take(70);
    share.release();
    share.release();
    assert.equal(budget.bytes, 0);
    budget.open('a').take(70);
  });

  it('holds for requests until they are answered, and answers 429 with Retry-After beyond', async () => {
    const budget = new BodyBudget({ maxBytes: 100, shareOfOneClient: 1 });
    const gates: (() => void)[] = [];
    const reached = new EventTarget();
    const flows = new FlowControl({ clock: systemClock, countObjects: () => 0 });
    const parts: PipelineParts = {
      clock: systemClock,
      kinds: new KindRegistry(),
      authentication: { authenticators: [], mayBeAnonymous: () => true, refusals: { note() {} } },
      authorizers: [{ name: 'all', authorize: async () => ({ decision: 'allow', reason: '' }) }],
      arrivals: new ArrivalLimit(),
      flows,
      bodies: budget,
      streams: { add: () => () => {} },
      metrics: new RequestMetrics(new Metrics(), flows),
      logger: silentLogger,
      isElsewhere: () => false,
      async handle(request) {
        const body = await readBody(request);
        reached.dispatchEvent(new Event('handler'));
        await new Promise<void>((resolve) => gates.push(resolve));
        request.outgoing.end(String(body.length));
      },
    };
    const server = createServer((incoming, outgoing) => void passRequest(incoming, outgoing, parts)).listen(0);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const post = (size: number) => {
      const request = send({ port, method: 'POST', path: '/api/v1/namespaces/a/configmaps', agent: false });
      request.end('x'.repeat(size));
      return once(request, 'response');
    };
    const handled = once(reached, 'handler');
    const first = post(80);
    await handled;
    const [second] = await post(30);
    assert.equal(second.statusCode, 429);
    assert.equal(second.headers['retry-after'], '1');
    second.resume();
    gates.pop()?.();
    const [answered] = await first;
    assert.equal(answered.statusCode, 200);
    answered.resume();
    await once(answered, 'end');
    const handledAgain = once(reached, 'handler');
    const third = post(30);
    await handledAgain;
    gates.pop()?.();
    assert.equal((await third)[0].statusCode, 200);
    (await third)[0].resume();
    server.close();
    await once(server, 'close');
    assert.equal(budget.bytes, 0);
  });
});
