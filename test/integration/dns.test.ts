/** The DNS of a node over real sockets, among other servers that behave as badly as they can. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decode, encode } from 'dns-packet';
import { systemClock } from '../../base/clock.ts';
import { question, readAnswer } from '../../proxy/dns/testing/questions.ts';
import { createExchange } from '../../proxy/dns/upstream/exchange.ts';
import { LoopProbe } from '../../proxy/dns/upstream/loop-probe.ts';
import { askByUdp, framed, type PlayedDnsServer, playDnsServer, talkByTcp, unframed } from '../support/dns-client.ts';
import { type SampleDns, startSampleDns } from '../support/dns-server.ts';

const inCluster = 'web.shop.svc.cluster.local';

/** An answer with these addresses to a question. */
function answerTo(message: Buffer, addresses: readonly string[], { id = message.readUInt16BE(0) } = {}): Buffer {
  const { questions = [] } = decode(message);
  const name = questions[0]?.name ?? '';
  const answers = addresses.map((data) => ({ name, type: 'A' as const, ttl: 60, data }));
  return encode({ type: 'response', id, questions, answers });
}

describe('the DNS by UDP and TCP', () => {
  let dns: SampleDns;
  let upstream: PlayedDnsServer;
  const manyAddresses = Array.from({ length: 200 }, (_, i) => `203.0.113.${i + 1}`);

  before(async () => {
    upstream = await playDnsServer((message, protocol) => {
      const name = decode(message).questions?.[0]?.name ?? '';
      const id = message.readUInt16BE(0);
      switch (name) {
        case 'forged.example': {
          // What others might send who guess: another id, another question; then the true one.
          const other = answerTo(question('bad.example', 'A'), ['198.51.100.66'], { id });
          return [answerTo(message, ['198.51.100.66'], { id: id ^ 1 }), other, answerTo(message, ['203.0.113.1'])];
        }
        case 'garbage.example':
          return [
            Buffer.from('garbage'),
            Buffer.concat([answerTo(message, []).subarray(0, 12), Buffer.alloc(3, 0xff)]),
          ];
        case 'large.example': {
          if (protocol === 'tcp') return [answerTo(message, manyAddresses)];
          const truncated = answerTo(message, []);
          truncated.writeUInt16BE(truncated.readUInt16BE(2) | 0x0200, 2);
          return [truncated];
        }
        default:
          return [answerTo(message, ['203.0.113.9'])];
      }
    });
    dns = await startSampleDns({ upstreams: [upstream] });
  });
  after(async () => {
    await dns.stop();
    await upstream.stop();
  });

  const ask = async (name: string, udpBytes?: number) => {
    const said = await askByUdp(dns, question(name, 'A', { ...(udpBytes !== undefined && { udpBytes }) }), 10_000);
    assert.ok(said, `no answer about ${name}`);
    return readAnswer(said);
  };

  it('answers about the cluster and about others', async () => {
    assert.deepEqual((await ask(inCluster)).answers, [`${inCluster} 5 A 10.96.7.7`]);
    assert.deepEqual((await ask('x.example')).answers, ['x.example 60 A 203.0.113.9']);
  });

  it('believes only the answer to its own question', async () => {
    assert.deepEqual((await ask('forged.example')).answers, ['forged.example 60 A 203.0.113.1']);
  });

  it('takes garbage for no answer', async () => {
    assert.equal((await ask('garbage.example')).code, 2);
  });

  it('asks from ports and with ids that nobody can tell beforehand', async () => {
    const before = upstream.asked.length;
    await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`random-${i}.example`)));
    const asked = upstream.asked.slice(before);
    assert.ok(new Set(asked.map(({ port }) => port)).size > 30, 'few ports');
    assert.ok(new Set(asked.map(({ message }) => message.readUInt16BE(0))).size > 30, 'few ids');
  });

  it('gets by TCP what did not fit, and tells a client to do the same', async () => {
    const short = await ask('large.example');
    assert.equal(short.packet.flag_tc, true);
    const bytes = await talkByTcp(dns, framed(question('large.example', 'A')), (all) => unframed(all).length > 0);
    const [whole] = unframed(bytes);
    assert.ok(whole);
    assert.equal(readAnswer(whole).answers.length, 200);
  });

  it('answers one question after the other on a connection, in whatever pieces they come', async () => {
    const questions = [1, 2, 3].map((id) => question(inCluster, 'A', { id }));
    const bytes = await talkByTcp(dns, framed(...questions), (all) => unframed(all).length === 3);
    assert.deepEqual(
      unframed(bytes).map((one) => one.readUInt16BE(0)),
      [1, 2, 3],
    );
  });

  it('closes a connection that brings no message', async () => {
    const bytes = await talkByTcp(dns, Buffer.from([0, 3, 1, 2, 3]), () => false);
    assert.equal(bytes.length, 0);
  });

  it('says nothing to strangers', async () => {
    const closed = await startSampleDns({ isClient: () => false });
    try {
      assert.equal(await askByUdp(closed, question(inCluster, 'A'), 300), undefined);
      assert.equal((await talkByTcp(closed, framed(question(inCluster, 'A')), () => false)).length, 0);
    } finally {
      await closed.stop();
    }
  });

  it('answers thousands of questions that come at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, async () => {
        let count = 0;
        for (let i = 0; i < 50; i++) if ((await askByUdp(dns, question(inCluster, 'A'))) !== undefined) count += 1;
        return count;
      }),
    );
    assert.equal(
      answers.reduce((sum, count) => sum + count),
      1000,
    );
  });
});

describe('LoopProbe', () => {
  it('finds a server that asks us what we ask it, and no other', async () => {
    const exchange = createExchange(systemClock);
    const probe = new LoopProbe(exchange);
    const straight = await playDnsServer((message) => [answerTo(message, [])]);
    const looping = await playDnsServer((message) => {
      const labels = (decode(message).questions?.[0]?.name ?? '').split('.');
      probe.saw({ type: 13, labels });
      return [answerTo(message, [])];
    });
    try {
      assert.equal(await probe.leadsBack(straight), false);
      assert.equal(await probe.leadsBack(looping), true);
    } finally {
      await straight.stop();
      await looping.stop();
    }
  });
});
