import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, encode } from 'dns-packet';
import { readQuery } from '../message/query.ts';
import { question, readAnswer } from '../testing/questions.ts';
import { AnswerCache } from './answer-cache.ts';
import { readUpstreamAnswer, writeForClient } from './upstream-answer.ts';

const opt: Answer = {
  ...{ type: 'OPT', name: '.', extendedRcode: 0, ednsVersion: 0, options: [] },
  ...{ udpPayloadSize: 4096, flags: 0, flag_do: false },
};
const a = (name: string, ttl = 60): Answer => ({ name, type: 'A', ttl, data: '203.0.113.1' });
const answerOf = (additionals: Answer[], answers: Answer[] = [a('x.example')]): Buffer =>
  encode({ type: 'response', id: 1, questions: [{ name: 'x.example', type: 'A' }], answers, additionals });

function shown(bytes: Buffer, name = 'X.Example', limit = 512) {
  const read = readQuery(question(name, 'A'));
  const answer = readUpstreamAnswer(bytes);
  assert.ok(answer !== undefined && read !== undefined && 'query' in read);
  return readAnswer(writeForClient(answer, read.query, { ageSeconds: 0, stale: false, limit }));
}

describe('an answer of another server', () => {
  it('goes to the client under its id, with its spelling, without EDNS', () => {
    const { packet, answers, additionals } = shown(answerOf([a('y.example'), opt]));
    assert.equal(packet.id, 4711);
    assert.equal(packet.questions?.[0]?.name, 'X.Example');
    assert.deepEqual(answers, ['x.example 60 A 203.0.113.1']);
    assert.deepEqual(additionals, ['y.example 60 A 203.0.113.1']);
    assert.equal(packet.additionals?.length, 1);
    assert.equal(packet.flag_ra, true);
    assert.equal(packet.flag_aa, false);
  });

  it('loses its additional records when EDNS stands among them', () => {
    const { answers, packet } = shown(answerOf([opt, a('y.example')]));
    assert.equal(answers.length, 1);
    assert.deepEqual(packet.additionals, []);
  });

  it('is cut for a client that does not take it all', () => {
    const many = Array.from({ length: 40 }, () => a('x.example'));
    const { packet, answers } = shown(answerOf([opt], many));
    assert.equal(packet.flag_tc, true);
    assert.deepEqual(answers, []);
  });

  it('counts a time to live that is negative as none', () => {
    const bytes = answerOf([], [a('x.example', 0x8000_0000)]);
    assert.equal(readUpstreamAnswer(bytes)?.keepSeconds, 0);
  });

  it('is none when it does not hold together', () => {
    const whole = answerOf([opt]);
    for (let length = 12; length < whole.length; length++)
      assert.equal(readUpstreamAnswer(whole.subarray(0, length)), undefined, `${length} bytes`);
  });
});

describe('AnswerCache', () => {
  const answer = readUpstreamAnswer(answerOf([]));
  assert.ok(answer);
  const limits = { entries: 3, bytes: 1 << 20, staleMs: 1000 };

  it('lets go of what was not asked for longest', () => {
    const cache = new AnswerCache(limits);
    for (const key of 'abc') cache.put(key, answer, 0);
    cache.get('a', 1);
    cache.put('d', answer, 2);
    assert.deepEqual(
      [...'abcd'].filter((key) => cache.get(key, 3) !== undefined),
      ['a', 'c', 'd'],
    );
  });

  it('holds no more bytes than it may', () => {
    const cache = new AnswerCache({ ...limits, entries: 1000, bytes: 2000 });
    for (let i = 0; i < 1000; i++) cache.put(String(i), answer, 0);
    assert.ok(cache.size > 0 && cache.size <= 4, `${cache.size} answers`);
  });

  it('counts an answer once that replaces another', () => {
    const cache = new AnswerCache({ ...limits, bytes: 2000 });
    for (let i = 0; i < 100; i++) cache.put('a', answer, 0);
    cache.put('b', answer, 0);
    assert.equal(cache.size, 2);
  });
});
