import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Answer, encode } from 'dns-packet';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { type Query, readQuery } from '../message/query.ts';
import { rcodes } from '../message/wire.ts';
import { type Asking, question, readAnswer } from '../testing/questions.ts';
import { NoAnswerError, type ServerAddress } from './exchange.ts';
import { Forwarder, type ForwarderLimits } from './forwarder.ts';
import { writeForClient } from './upstream-answer.ts';

interface Told {
  readonly answers?: readonly Answer[];
  readonly authorities?: readonly Answer[];
  readonly rcode?: number;
}

const address = (name: string, ttl: number): Answer => ({ name, type: 'A', ttl, data: '203.0.113.1' });
const authority = (minimum: number): Answer => ({
  ...{ name: 'example', type: 'SOA', ttl: 900 },
  data: { mname: 'ns.example', rname: 'h.example', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});

/** Servers that a test plays: what each says, in the order in which they are asked. */
class World {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  /** By address: undefined is silence. */
  readonly says = new Map<string, () => Told | undefined>();
  readonly forwarder: Forwarder;
  /** Who waits for `release`. */
  #held: (() => void)[] | undefined;

  constructor(limits: Partial<ForwarderLimits> = {}) {
    this.forwarder = new Forwarder({
      ...{ clock: this.clock, logger: silentLogger, limits },
      exchange: (server, message) => this.#exchange(server, message),
    });
  }

  use(...addresses: string[]): void {
    this.forwarder.use({ servers: addresses.map(at), stubDomains: new Map() });
  }

  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const one of this.#held ?? []) one();
    this.#held = undefined;
  }

  /** The answer as a client has it; undefined: SERVFAIL. */
  async ask(name: string, client = 'c', asking: Asking = {}) {
    const query = queryOf(name, asking);
    const forwarded = await this.forwarder.ask(query, client);
    return forwarded && readAnswer(writeForClient(forwarded.answer, query, { ...forwarded, limit: 4096 }));
  }

  async #exchange(server: ServerAddress, message: Buffer): Promise<Buffer> {
    this.asked.push(server.address);
    if (this.#held !== undefined) await new Promise<void>((resolve) => this.#held?.push(resolve));
    const told = this.says.get(server.address)?.();
    if (told === undefined) throw new NoAnswerError('silence');
    const { packet } = readAnswer(message);
    const { answers = [], authorities = [], rcode = 0 } = told;
    const opt: Answer = {
      ...{ type: 'OPT', name: '.', extendedRcode: 0, ednsVersion: 0, options: [] },
      ...{ udpPayloadSize: 4096, flags: 0, flag_do: false },
    };
    const bytes = encode({
      ...{ type: 'response', id: packet.id ?? 0, questions: packet.questions ?? [] },
      ...{ answers: [...answers], authorities: [...authorities], additionals: [opt] },
    });
    bytes.writeUInt16BE(bytes.readUInt16BE(2) | rcode, 2);
    return bytes;
  }
}

const at = (text: string): ServerAddress => ({ address: text, port: 53 });

function queryOf(name: string, asking: Asking = {}): Query {
  const read = readQuery(question(name, 'A', asking));
  assert.ok(read !== undefined && 'query' in read);
  return read.query;
}

describe('Forwarder', () => {
  it('keeps an answer for as long as it says, and shows what is left of that', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 60)] }));
    assert.deepEqual((await world.ask('x.example'))?.answers, ['x.example 60 A 203.0.113.1']);
    await world.clock.advance(59_000);
    assert.deepEqual((await world.ask('X.example'))?.answers, ['x.example 1 A 203.0.113.1']);
    assert.equal(world.asked.length, 1);
    await world.clock.advance(1_000);
    await world.ask('x.example');
    assert.equal(world.asked.length, 2);
  });

  it('keeps nothing for longer than five minutes', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 86_400)] }));
    assert.deepEqual((await world.ask('x.example'))?.answers, ['x.example 300 A 203.0.113.1']);
    await world.clock.advance(300_000);
    await world.ask('x.example');
    assert.equal(world.asked.length, 2);
  });

  const negatives: readonly { readonly name: string; readonly told: Told; readonly keptMs: number }[] = [
    { name: 'no such name', told: { rcode: rcodes.NXDOMAIN, authorities: [authority(10)] }, keptMs: 10_000 },
    { name: 'no data', told: { authorities: [authority(10)] }, keptMs: 10_000 },
    { name: 'a long no', told: { rcode: rcodes.NXDOMAIN, authorities: [authority(86_400)] }, keptMs: 30_000 },
    { name: 'a no without a zone', told: { rcode: rcodes.NXDOMAIN }, keptMs: 0 },
    { name: 'a server that failed', told: { rcode: rcodes.SERVFAIL, authorities: [authority(10)] }, keptMs: 0 },
  ];
  for (const { name, told, keptMs } of negatives)
    it(`keeps ${name} for ${keptMs / 1000} s`, async () => {
      const world = new World();
      world.use('a');
      world.says.set('a', () => told);
      assert.equal((await world.ask('x.example'))?.code, told.rcode ?? 0);
      if (keptMs > 0) {
        await world.clock.advance(keptMs - 1);
        await world.ask('x.example');
        assert.equal(world.asked.length, 1);
        await world.clock.advance(1);
      }
      await world.ask('x.example');
      assert.equal(world.asked.length, 2);
    });

  it('asks once for all who ask the same at the same time', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 0)] }));
    world.hold();
    const all = ['p', 'q', 'r'].map((client) => world.ask('x.example', client));
    world.release();
    for (const one of await Promise.all(all)) assert.equal(one?.answers.length, 1);
    assert.equal(world.asked.length, 1);
  });

  it('tells those apart who want signatures', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 60)] }));
    await world.ask('x.example');
    await world.ask('x.example', 'c', { udpBytes: 1232, dnssecOk: true });
    assert.equal(world.asked.length, 2);
  });

  it('asks the next server when one is silent or could not find out, and leaves the silent one out for a while', async () => {
    const world = new World();
    world.use('a', 'b', 'c');
    world.says.set('b', () => ({ rcode: rcodes.SERVFAIL }));
    world.says.set('c', () => ({ answers: [address('x.example', 0)] }));
    assert.equal((await world.ask('x.example'))?.answers.length, 1);
    assert.deepEqual(world.asked.splice(0), ['a', 'b', 'c']);
    await world.ask('x.example');
    assert.deepEqual(world.asked.splice(0), ['b', 'c']);
    await world.clock.advance(60_000);
    world.says.set('a', () => ({ answers: [address('x.example', 0)] }));
    world.says.set('b', () => undefined);
    world.says.set('c', () => undefined);
    assert.equal((await world.ask('x.example'))?.answers.length, 1);
    await world.ask('x.example');
    assert.equal(world.asked.at(-1), 'a');
  });

  it('shows the last answer of a server that failed when no other one knows more', async () => {
    const world = new World();
    world.use('a', 'b');
    world.says.set('a', () => ({ rcode: rcodes.REFUSED }));
    world.says.set('b', () => undefined);
    assert.equal((await world.ask('x.example'))?.code, rcodes.REFUSED);
  });

  it('shows what it knew while no server answers, for an hour', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 60)] }));
    await world.ask('x.example');
    world.says.set('a', () => undefined);
    await world.clock.advance(61_000);
    assert.deepEqual((await world.ask('x.example'))?.answers, ['x.example 30 A 203.0.113.1']);
    assert.equal(await world.ask('y.example'), undefined);
    await world.clock.advance(3_600_000);
    assert.equal(await world.ask('x.example'), undefined);
  });

  it('lets a client wait for a fresh answer only so long when there is an old one', async () => {
    const world = new World({ freshMs: 100 });
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 60)] }));
    await world.ask('x.example');
    await world.clock.advance(61_000);
    world.hold();
    const late = world.ask('x.example');
    await Promise.resolve();
    await world.clock.advance(100);
    assert.deepEqual((await late)?.answers, ['x.example 30 A 203.0.113.1']);
    world.release();
  });

  it('refuses a client that has too much under way, and no other', async () => {
    const world = new World({ underWayOfClient: 2 });
    world.use('a');
    world.says.set('a', () => ({ answers: [] }));
    world.hold();
    const busy = ['1.example', '2.example'].map((name) => world.ask(name, 'busy'));
    assert.equal(await world.ask('3.example', 'busy'), undefined);
    const other = world.ask('4.example', 'other');
    world.release();
    for (const one of await Promise.all([...busy, other])) assert.equal(one?.code, 0);
    assert.equal((await world.ask('3.example', 'busy'))?.code, 0);
  });

  it('refuses all when too much is under way', async () => {
    const world = new World({ underWay: 1 });
    world.use('a');
    world.says.set('a', () => ({ answers: [] }));
    world.hold();
    const first = world.ask('1.example', 'p');
    assert.equal(await world.ask('2.example', 'q'), undefined);
    world.release();
    assert.equal((await first)?.code, 0);
  });

  it('asks the servers of the longest stub domain', async () => {
    const world = new World();
    const stubDomains = new Map([
      ['example', [at('b')]],
      ['corp.example', [at('c')]],
    ]);
    world.forwarder.use({ servers: [at('a')], stubDomains });
    for (const server of 'abc') world.says.set(server, () => ({ answers: [] }));
    for (const name of ['x.test', 'x.example', 'x.corp.example', 'corp.example', 'xcorp.example'])
      await world.ask(name);
    assert.deepEqual(world.asked, ['a', 'b', 'c', 'c', 'b']);
  });

  it('forgets what other servers said when there are new ones', async () => {
    const world = new World();
    world.use('a');
    world.says.set('a', () => ({ answers: [address('x.example', 60)] }));
    world.says.set('b', () => ({ rcode: rcodes.NXDOMAIN }));
    await world.ask('x.example');
    world.use('b');
    assert.equal((await world.ask('x.example'))?.code, rcodes.NXDOMAIN);
  });

  it('asks nobody when there is nobody', async () => {
    const world = new World();
    assert.equal(await world.ask('x.example'), undefined);
    world.use();
    assert.equal(await world.ask('x.example'), undefined);
    world.use('a');
    world.forwarder.exclude(at('a'));
    assert.equal(await world.ask('x.example'), undefined);
    assert.deepEqual(world.asked, []);
  });
});
