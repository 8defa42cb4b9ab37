import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encode, type Question } from 'dns-packet';
import { parseCidr } from '../../api/net.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { rcodes } from './message/wire.ts';
import { Resolver } from './resolver.ts';
import { type Asking, question, readAnswer, sampleCluster, slice, viewOf } from './testing/questions.ts';
import { Forwarder } from './upstream/forwarder.ts';
import { LoopProbe } from './upstream/loop-probe.ts';

/** Knows `api.example.com` and nothing else. */
const upstream = async (_: unknown, message: Buffer): Promise<Buffer> => {
  const { packet } = readAnswer(message);
  const [asked] = packet.questions ?? [];
  const isKnown = asked?.name.toLowerCase() === 'api.example.com' && asked.type === 'A';
  const answer = encode({
    ...{ type: 'response', id: packet.id ?? 0, questions: packet.questions ?? [] },
    answers: isKnown ? [{ name: 'api.example.com', type: 'A', ttl: 60, data: '203.0.113.9' }] : [],
  });
  if (!isKnown) answer.writeUInt16BE(answer.readUInt16BE(2) | rcodes.NXDOMAIN, 2);
  return answer;
};

function makeResolver(cluster = sampleCluster): Resolver {
  const clock = new FakeClock();
  const forwarder = new Forwarder({ exchange: upstream, clock, logger: silentLogger });
  forwarder.use({ servers: [{ address: '192.0.2.53', port: 53 }], stubDomains: new Map() });
  return new Resolver({
    ...{ view: viewOf(cluster), forwarder, probe: new LoopProbe(upstream), clock },
    ...{ domain: 'cluster.local', dnsService: 'kube-system/kube-dns', podNetwork: parseCidr('10.244.0.0/16') },
  });
}

async function ask(name: string, type: Question['type'], asking: Asking = {}, resolver = makeResolver()) {
  const said = await resolver.answer(question(name, type, asking), { client: '10.244.0.9', protocol: 'udp' });
  assert.ok(said);
  return readAnswer(said);
}

interface Case {
  readonly asked: string;
  readonly code?: number;
  readonly answers?: readonly string[];
  readonly additionals?: readonly string[];
}

const missing = { code: rcodes.NXDOMAIN };
const empty = { answers: [] };
const web = 'web.shop.svc.cluster.local';
const db = 'db.shop.svc.cluster.local';

const cases: readonly Case[] = [
  // Cluster IPs
  { asked: `A ${web}`, answers: [`${web} 5 A 10.96.7.7`] },
  { asked: `AAAA ${web}`, answers: [`${web} 5 AAAA fd00::7`] },
  { asked: 'AAAA kubernetes.default.svc.cluster.local', ...empty },
  { asked: `MX ${web}`, ...empty },
  { asked: `A Web.SHOP.svc.Cluster.Local`, answers: [`Web.SHOP.svc.Cluster.Local 5 A 10.96.7.7`] },
  { asked: 'A nothing.shop.svc.cluster.local', ...missing },
  { asked: 'A web.nowhere.svc.cluster.local', ...missing },
  // SRV
  {
    asked: `SRV _http._tcp.${web}`,
    answers: [`_http._tcp.${web} 5 SRV 0 100 80 ${web}`],
    additionals: [`${web} 5 A 10.96.7.7`, `${web} 5 AAAA fd00::7`],
  },
  { asked: `SRV _http._udp.${web}`, ...missing },
  { asked: `SRV _none._tcp.${web}`, ...missing },
  { asked: `A _tcp.${web}`, ...empty },
  { asked: `SRV http.tcp.${web}`, ...missing },
  { asked: `SRV _a._b._c.${web}`, ...missing },
  // Headless
  {
    asked: `A ${db}`,
    answers: [`${db} 5 A 10.244.1.5`, `${db} 5 A 10.244.2.6`, `${db} 5 A 10.244.3.7`],
  },
  { asked: `AAAA ${db}`, ...empty },
  { asked: `A db-0.${db}`, answers: [`db-0.${db} 5 A 10.244.1.5`] },
  { asked: `A 10-244-3-7.${db}`, answers: [`10-244-3-7.${db} 5 A 10.244.3.7`] },
  { asked: `A db-9.${db}`, ...missing },
  { asked: 'A empty.shop.svc.cluster.local', ...missing },
  {
    asked: `SRV _sql._tcp.${db}`,
    answers: [
      `_sql._tcp.${db} 5 SRV 0 33 5432 10-244-3-7.${db}`,
      `_sql._tcp.${db} 5 SRV 0 33 5432 db-0.${db}`,
      `_sql._tcp.${db} 5 SRV 0 33 5432 db-1.${db}`,
    ],
    additionals: [`10-244-3-7.${db} 5 A 10.244.3.7`, `db-0.${db} 5 A 10.244.1.5`, `db-1.${db} 5 A 10.244.2.6`],
  },
  // Endpoints of a Service with a cluster IP have names, too.
  { asked: `A 10-244-0-9.${web}`, answers: [`10-244-0-9.${web} 5 A 10.244.0.9`] },
  // Pods
  { asked: 'A 10-244-0-9.shop.pod.cluster.local', answers: ['10-244-0-9.shop.pod.cluster.local 5 A 10.244.0.9'] },
  { asked: 'AAAA 10-244-0-9.shop.pod.cluster.local', ...empty },
  { asked: 'A 10-244-0-9.nowhere.pod.cluster.local', ...missing },
  { asked: 'A 10-244-0-999.shop.pod.cluster.local', ...missing },
  { asked: 'AAAA fd00--1.shop.pod.cluster.local', answers: ['fd00--1.shop.pod.cluster.local 5 AAAA fd00::1'] },
  // What lies between
  { asked: 'A cluster.local', ...empty },
  { asked: 'A svc.cluster.local', ...empty },
  { asked: 'A shop.svc.cluster.local', ...empty },
  { asked: 'A nowhere.svc.cluster.local', ...missing },
  { asked: 'A pod.cluster.local', ...empty },
  { asked: 'A shop.pod.cluster.local', ...empty },
  { asked: 'A example.com.cluster.local', ...missing },
  { asked: 'A constructor.prototype.svc.cluster.local', ...missing },
  // The zone itself
  { asked: 'TXT dns-version.cluster.local', answers: ['dns-version.cluster.local 5 TXT 1.1.0'] },
  { asked: 'A dns-version.cluster.local', ...empty },
  {
    asked: 'NS cluster.local',
    answers: ['cluster.local 5 NS ns.dns.cluster.local'],
    additionals: ['ns.dns.cluster.local 5 A 10.96.0.10'],
  },
  { asked: 'A ns.dns.cluster.local', answers: ['ns.dns.cluster.local 5 A 10.96.0.10'] },
  // Aliases
  {
    asked: 'CNAME outside.shop.svc.cluster.local',
    answers: ['outside.shop.svc.cluster.local 5 CNAME api.example.com'],
  },
  {
    asked: 'A outside.shop.svc.cluster.local',
    answers: ['api.example.com 60 A 203.0.113.9', 'outside.shop.svc.cluster.local 5 CNAME api.example.com'],
  },
  {
    asked: 'AAAA outside.shop.svc.cluster.local',
    ...missing,
    answers: ['outside.shop.svc.cluster.local 5 CNAME api.example.com'],
  },
  {
    asked: 'A inside.shop.svc.cluster.local',
    answers: [`inside.shop.svc.cluster.local 5 CNAME ${web}`, `${web} 5 A 10.96.7.7`],
  },
  { asked: 'A ring.shop.svc.cluster.local', code: rcodes.SERVFAIL },
  { asked: 'A too-long.shop.svc.cluster.local', ...missing },
  { asked: 'A x.outside.shop.svc.cluster.local', ...missing },
  // Addresses
  { asked: 'PTR 7.7.96.10.in-addr.arpa', answers: [`7.7.96.10.in-addr.arpa 5 PTR ${web}`] },
  { asked: 'PTR 5.1.244.10.in-addr.arpa', answers: [`5.1.244.10.in-addr.arpa 5 PTR db-0.${db}`] },
  { asked: 'PTR 7.3.244.10.in-addr.arpa', ...missing },
  { asked: 'A 7.7.96.10.in-addr.arpa', ...empty },
  {
    asked: 'PTR 7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa',
    answers: [`7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa 5 PTR ${web}`],
  },
  // Others
  { asked: 'A api.example.com', answers: ['api.example.com 60 A 203.0.113.9'] },
  { asked: 'A nothing.example.com', ...missing },
  { asked: 'PTR 1.2.0.192.in-addr.arpa', ...missing },
  { asked: 'A xcluster.local', ...missing },
  // Never
  { asked: 'AXFR cluster.local', code: rcodes.REFUSED },
  { asked: 'IXFR cluster.local', code: rcodes.REFUSED },
  { asked: 'AXFR example.com', code: rcodes.REFUSED },
];

/** Types that the tests ask for. */
const isType = (text: string): text is Question['type'] => /^[A-Z]+$/.test(text);

describe('Resolver', () => {
  for (const { asked, code = rcodes.NOERROR, answers = [], additionals = [] } of cases)
    it(asked, async () => {
      const [type = '', name = ''] = asked.split(' ');
      assert.ok(isType(type));
      const answer = await ask(name, type);
      assert.equal(answer.code, code);
      assert.deepEqual([...answer.answers].sort(), [...answers].sort());
      assert.deepEqual([...answer.additionals].sort(), [...additionals].sort());
      assert.equal(answer.packet.id, 4711);
      assert.deepEqual(answer.packet.questions?.[0]?.name, name);
    });

  it('says how long a no may be kept, and that it is the zone’s own', async () => {
    for (const name of ['nothing.shop.svc.cluster.local', 'shop.svc.cluster.local']) {
      const { authorities, packet } = await ask(name, 'A');
      assert.equal(packet.flag_aa, true);
      const serial = Math.floor(Date.UTC(2030, 0, 1) / 1000);
      assert.deepEqual(authorities, [
        `cluster.local 5 SOA ns.dns.cluster.local hostmaster.cluster.local ${serial} 7200 1800 86400 5`,
      ]);
    }
    const { authorities } = await ask('7.3.244.10.in-addr.arpa', 'PTR');
    assert.match(authorities[0] ?? '', /^244\.10\.in-addr\.arpa 5 SOA /);
  });

  it('answers about itself with the start of authority', async () => {
    const { answers, authorities } = await ask('cluster.local', 'SOA');
    assert.match(answers[0] ?? '', /^cluster\.local 5 SOA ns\.dns\.cluster\.local /);
    assert.deepEqual(authorities, []);
  });

  it('says the same again only while nothing has changed, and to each client under its id', async () => {
    let cluster = sampleCluster;
    let version = 1;
    const clock = new FakeClock();
    const resolver = new Resolver({
      view: {
        get version() {
          return version;
        },
        service: (key) => viewOf(cluster).service(key),
        slices: (key) => viewOf(cluster).slices(key),
        hasNamespace: (name) => viewOf(cluster).hasNamespace(name),
        servicesAt: (ip) => viewOf(cluster).servicesAt(ip),
        slicesAt: (ip) => viewOf(cluster).slicesAt(ip),
      },
      forwarder: new Forwarder({ exchange: upstream, clock, logger: silentLogger }),
      ...{ probe: new LoopProbe(upstream), clock, podNetwork: undefined },
      ...{ domain: 'cluster.local', dnsService: 'kube-system/kube-dns' },
    });
    for (const id of [1, 2]) {
      const { packet, answers } = await ask(web, 'A', { id }, resolver);
      assert.equal(packet.id, id);
      assert.deepEqual(answers, [`${web} 5 A 10.96.7.7`]);
    }
    const other = web.toUpperCase();
    assert.deepEqual((await ask(other, 'A', {}, resolver)).answers, [`${other} 5 A 10.96.7.7`]);
    cluster = { ...sampleCluster, services: [] };
    version += 1;
    assert.equal((await ask(web, 'A', {}, resolver)).code, rcodes.NXDOMAIN);
  });

  it('lets the addresses of a headless Service take turns', async () => {
    const resolver = makeResolver();
    const firsts: (string | undefined)[] = [];
    for (let i = 0; i < 6; i++) firsts.push((await ask(db, 'A', {}, resolver)).answers[0]?.split(' ')[3]);
    assert.deepEqual(new Set(firsts.slice(0, 3)).size, 3);
    assert.deepEqual(firsts.slice(3), firsts.slice(0, 3));
  });

  const many = {
    ...sampleCluster,
    slices: [
      slice(
        'shop/db',
        Array.from({ length: 100 }, (_, i) => ({ addresses: [`10.244.9.${i + 1}`] })),
      ),
    ],
  };

  it('truncates what a client does not take by UDP, and says so', async () => {
    const small = await ask(db, 'A', {}, makeResolver(many));
    assert.equal(small.packet.flag_tc, true);
    assert.ok(small.answers.length > 20 && small.answers.length < 100, `${small.answers.length} records`);
    const large = await ask(db, 'A', { udpBytes: 4096 }, makeResolver(many));
    assert.equal(large.packet.flag_tc, false);
    assert.equal(large.answers.length, 100);
  });

  it('says all by TCP', async () => {
    const said = await makeResolver(many).answer(question(db, 'A'), { client: '10.244.0.9', protocol: 'tcp' });
    assert.ok(said);
    assert.equal(readAnswer(said).answers.length, 100);
  });

  it('speaks EDNS to who does, and to nobody else', async () => {
    const optOf = ({ packet }: Awaited<ReturnType<typeof ask>>) =>
      packet.additionals?.find(({ type }) => type === 'OPT');
    for (const name of [web, 'api.example.com', 'nothing.example.com']) {
      const spoken = optOf(await ask(name, 'A', { udpBytes: 1400, dnssecOk: true }));
      assert.equal(spoken?.type === 'OPT' && spoken.udpPayloadSize, 1232);
      assert.equal(spoken?.type === 'OPT' && spoken.flag_do, true);
      assert.equal(optOf(await ask(name, 'A')), undefined);
    }
  });
});

describe('Resolver and what is no question', () => {
  const asked = { client: '10.244.0.9', protocol: 'udp' } as const;
  const plain = question(web, 'A', { udpBytes: 512 });
  const changed = (change: (message: Buffer) => void): Buffer => {
    const message = Buffer.from(plain);
    change(message);
    return message;
  };
  const codes: readonly (readonly [string, Buffer, number | undefined])[] = [
    ['nothing', Buffer.alloc(0), undefined],
    ['eleven bytes', plain.subarray(0, 11), undefined],
    ['an answer', changed((message) => message.writeUInt8(0x80, 2)), undefined],
    ['a header alone', plain.subarray(0, 12), rcodes.FORMERR],
    ['half of a name', plain.subarray(0, 20), rcodes.FORMERR],
    ['an update', changed((message) => message.writeUInt8(0x28, 2)), rcodes.NOTIMP],
    ['two questions', changed((message) => message.writeUInt16BE(2, 4)), rcodes.FORMERR],
    ['no question', changed((message) => message.writeUInt16BE(0, 4)), rcodes.FORMERR],
    ['answers in a question', changed((message) => message.writeUInt16BE(1, 6)), rcodes.FORMERR],
    ['65535 additional records', changed((message) => message.writeUInt16BE(0xffff, 10)), rcodes.FORMERR],
    ['a name that points to itself', changed((message) => message.writeUInt16BE(0xc00c, 12)), rcodes.FORMERR],
    ['another class', changed((message) => message.writeUInt16BE(3, 12 + web.length + 4)), rcodes.REFUSED],
    ['another version of EDNS', changed((message) => message.writeUInt8(1, plain.length - 5)), 0],
  ];
  for (const [what, message, code] of codes)
    it(`${what}: ${code ?? 'silence'}`, async () => {
      const said = await makeResolver().answer(message, asked);
      assert.equal(said && said.readUInt16BE(2) & 0xf, code);
      if (said !== undefined) assert.equal(said.readUInt16BE(0), 4711);
    });

  it('says by EDNS that it does not know another version', async () => {
    const said = await makeResolver().answer(
      changed((message) => message.writeUInt8(1, plain.length - 5)),
      asked,
    );
    assert.ok(said);
    const opt = readAnswer(said).packet.additionals?.[0];
    assert.equal(opt?.type === 'OPT' && opt.extendedRcode, 1);
  });
});
