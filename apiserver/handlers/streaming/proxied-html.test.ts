import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { htmlRewriters } from './proxied-html.ts';

const rewrite = (url: string): string => (url.startsWith('/') ? `/p${url}` : url);

async function pass(parts: readonly Buffer[], encoding = ''): Promise<Buffer> {
  const out: Buffer[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out.push(chunk);
      done();
    },
  });
  await pipeline([Readable.from(parts), ...htmlRewriters(encoding, rewrite), sink]);
  return Buffer.concat(out);
}

const html = async (text: string): Promise<string> => (await pass([Buffer.from(text)])).toString();

describe('htmlRewriters', () => {
  const cases: Readonly<Record<string, string>> = {
    '<a href="/x">t</a>': '<a href="/p/x">t</a>',
    "<A HREF='/x' class=b>": '<A href="/p/x" class=b>',
    '<a href=/x>': '<a href="/p/x">',
    '<form action="/x" method=post><input src="/y" formaction="/z">':
      '<form action="/p/x" method=post><input src="/p/y" formaction="/p/z">',
    '<a href="/x?a=1&amp;b=&quot;">': '<a href="/p/x?a=1&amp;b=&quot;">',
    '<a title="/x" data-href="/x">': '<a title="/x" data-href="/x">',
    '<script>if (a < b) x = "<a href=\'/x\'>";</script>': '<script>if (a < b) x = "<a href=\'/x\'>";</script>',
    '<!-- <a href="/x"> --><br/>': '<!-- <a href="/x"> --><br/>',
    '<svg><a href="/x"/></svg>': '<svg><a href="/p/x"/></svg>',
    '<p\n>\r\nä\u00a0€</p': '<p\n>\r\nä\u00a0€</p',
    '': '',
  };
  for (const [text, want] of Object.entries(cases))
    it(`makes ${JSON.stringify(text)}`, async () => assert.equal(await html(text), want));

  it('leaves every byte as it is, wherever the page is cut', async () => {
    const bytes = Buffer.concat([Buffer.from([0xe4, 0xff, 0xa0]), Buffer.from('<a href="/x" title="\xa0é">')]);
    const parts = [...bytes].map((byte) => Buffer.from([byte]));
    const want = bytes.toString('latin1').replace('"/x"', '"/p/x"');
    assert.equal((await pass(parts)).toString('latin1'), want);
  });

  it('unpacks and packs again what is packed, and leaves alone what it cannot read', async () => {
    const packed = await pass([gzipSync('<a href="/x">')], 'gzip');
    assert.equal(gunzipSync(packed).toString(), '<a href="/p/x">');
    assert.deepEqual(htmlRewriters('br', rewrite), []);
  });

  it('does not wait for ever for the end of a tag', async () => {
    const endless = Array.from({ length: 100 }, () => Buffer.alloc(100_000, 'x'));
    await assert.rejects(pass([Buffer.from('<a href="'), ...endless]), /a tag without an end/);
  });

  it('takes no longer for attributes, wherever they are, than for text', async () => {
    const words = Array.from({ length: 200_000 }, (_, index) => index).join(' ');
    for (const page of [`<a ${words} href="/x">`, `<a href="/x">${`</a ${words}>`}`]) {
      const begin = performance.now();
      assert.equal(await html(page), page.replace('"/x"', '"/p/x"'));
      const took = performance.now() - begin;
      assert.ok(took < 5_000, `${page.length} bytes took ${took} ms`);
    }
  });
});
