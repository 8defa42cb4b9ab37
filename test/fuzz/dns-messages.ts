/** Messages that no client of DNS would send, and such as upset what reads them: made from one seed. */

import fc from 'fast-check';
import { question } from '../../proxy/dns/testing/questions.ts';

const names = [
  'web.shop.svc.cluster.local',
  'db.shop.svc.cluster.local',
  '_http._tcp.web.shop.svc.cluster.local',
  'outside.shop.svc.cluster.local',
  '5.1.244.10.in-addr.arpa',
  'example.com',
];

/** A good question, with bytes changed, cut off or added. */
const bent = fc
  .record({
    name: fc.constantFrom(...names),
    type: fc.constantFrom('A' as const, 'AAAA' as const, 'SRV' as const, 'PTR' as const, 'TXT' as const),
    edns: fc.boolean(),
    changes: fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 12 }),
    length: fc.nat(400),
    more: fc.uint8Array({ maxLength: 64 }),
  })
  .map(({ name, type, edns, changes, length, more }) => {
    const message = Buffer.concat([question(name, type, edns ? { udpBytes: 4096 } : {}), more]);
    for (const [at, byte] of changes) if (at < message.length) message.writeUInt8(byte, at);
    return message.subarray(0, Math.max(length, 1));
  });

/** Labels of any bytes, pointers among them. */
const oddName = fc
  .array(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 63 }), fc.constant('pointer' as const)), { maxLength: 40 })
  .map((labels) =>
    Buffer.concat([
      ...labels.map((label) =>
        label === 'pointer' ? Buffer.from([0xc0, 0x0c]) : Buffer.concat([Buffer.from([label.length]), label]),
      ),
      Buffer.from([0, 0, 1, 0, 1]),
    ]),
  )
  .map((asked) => Buffer.concat([Buffer.from([0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), asked]));

const any = fc.uint8Array({ maxLength: 1500 }).map((bytes) => Buffer.from(bytes));

export const dnsMessage: fc.Arbitrary<Buffer> = fc.oneof({ weight: 3, arbitrary: bent }, oddName, any);
