/** Hostile messages to the DNS of a node, from its clients and from the servers that it asks. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decode } from 'dns-packet';
import fc from 'fast-check';
import { readQuery } from '../../proxy/dns/message/query.ts';
import { endOfName, headerBytes, placeRecords } from '../../proxy/dns/message/wire.ts';
import { question, readAnswer } from '../../proxy/dns/testing/questions.ts';
import { readUpstreamAnswer, writeForClient } from '../../proxy/dns/upstream/upstream-answer.ts';
import { askByUdp, talkByTcp } from '../support/dns-client.ts';
import { type SampleDns, startSampleDns } from '../support/dns-server.ts';
import { dnsMessage } from './dns-messages.ts';

const runs = 3_000;

describe('the DNS among hostile messages', () => {
  let dns: SampleDns;
  before(async () => {
    dns = await startSampleDns();
  });
  after(() => dns.stop());

  it('answers each with a message that holds together, under its id, no longer than the client takes', async () => {
    await fc.assert(
      fc.asyncProperty(dnsMessage, async (message) => {
        for (const protocol of ['udp', 'tcp'] as const) {
          const said = await dns.resolver.answer(message, { client: '10.244.0.9', protocol });
          if (said === undefined) continue;
          assert.equal(said.readUInt16BE(0), message.readUInt16BE(0));
          assert.ok((said.readUInt16BE(2) & 0x8000) !== 0, 'it is no answer');
          assert.ok(said.length <= (protocol === 'udp' ? 4096 : 65_535), `${said.length} bytes`);
          if (said.readUInt16BE(4) === 0) continue;
          const nameEnd = endOfName(said, headerBytes);
          assert.ok(nameEnd !== undefined && placeRecords(said, nameEnd + 4) !== undefined, said.toString('hex'));
          decode(said);
        }
      }),
      { numRuns: runs },
    );
  });

  it('makes nothing but messages of whatever a server sends', () => {
    const read = readQuery(question('example.com', 'A', { udpBytes: 1232 }));
    assert.ok(read !== undefined && 'query' in read);
    const { query } = read;
    fc.assert(
      fc.property(dnsMessage, (message) => {
        if (message.length < headerBytes) return;
        // As the exchange makes sure.
        const bytes = Buffer.concat([message.subarray(0, 12), query.question, message.subarray(12)]);
        bytes.writeUInt16BE(1, 4);
        const answer = readUpstreamAnswer(bytes);
        if (answer === undefined) return;
        const said = writeForClient(answer, query, { ageSeconds: 1, stale: false, limit: 1232 });
        const nameEnd = endOfName(said, headerBytes);
        assert.ok(nameEnd !== undefined && placeRecords(said, nameEnd + 4) !== undefined, said.toString('hex'));
      }),
      { numRuns: runs },
    );
  });

  it('lives on when they come by its sockets', { timeout: 120_000 }, async () => {
    const messages = fc.sample(dnsMessage, 300);
    await Promise.all(messages.map((message) => askByUdp(dns, message, 300)));
    await Promise.all(messages.slice(0, 40).map((message) => talkByTcp(dns, message, () => true)));
    const said = await askByUdp(dns, question('web.shop.svc.cluster.local', 'A'));
    assert.ok(said);
    assert.equal(readAnswer(said).answers.length, 1);
  });
});
