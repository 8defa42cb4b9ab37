/**
 * HTML on its way through a proxy: the attributes that hold URLs are rewritten, everything else passes byte for byte.
 * The bytes are taken for Latin-1, which leaves every encoding as it is that writes ASCII as ASCII.
 */

import { type Duplex, Transform } from 'node:stream';
import { createGunzip, createGzip } from 'node:zlib';
import { RewritingStream } from 'parse5-html-rewriting-stream';

type StartTag = Parameters<RewritingStream['emitStartTag']>[0];

/** Where a tag stands; the types leave out that its attributes are told, too. */
interface Place {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly attrs?: Readonly<Record<string, Place>>;
}

/** Which attributes of which elements hold URLs. */
const urlAttributes: Readonly<Record<string, readonly string[]>> = {
  a: ['href'],
  applet: ['codebase'],
  area: ['href'],
  audio: ['src'],
  base: ['href'],
  blockquote: ['cite'],
  body: ['background'],
  button: ['formaction'],
  command: ['icon'],
  del: ['cite'],
  embed: ['src'],
  form: ['action'],
  frame: ['longdesc', 'src'],
  head: ['profile'],
  html: ['manifest'],
  iframe: ['longdesc', 'src'],
  img: ['longdesc', 'src', 'usemap'],
  input: ['src', 'usemap', 'formaction'],
  ins: ['cite'],
  link: ['href'],
  object: ['classid', 'codebase', 'data', 'usemap'],
  q: ['cite'],
  script: ['src'],
  source: ['src'],
  video: ['poster', 'src'],
};

/** A tag or comment that does not end is not waited for in all our memory. */
const maxHeldBytes = 4 << 20;

/** Streams to send a page through, one after the other. Empty: it comes in an encoding that is left alone. */
export function htmlRewriters(contentEncoding: string, rewrite: (url: string) => string): Duplex[] {
  switch (contentEncoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return linkRewriter(rewrite);
    case 'gzip':
      return [createGunzip(), ...linkRewriter(rewrite), createGzip()];
    default:
      return [];
  }
}

/** By which a start tag in SVG or MathML is known to be HTML's. */
const foreignAttributes: readonly string[] = ['color', 'face', 'size', 'encoding'];

/** The parts of the tokenizer that know of a tag's attributes as they come. */
interface AttributeReader {
  readonly currentToken: { readonly tagName: string };
  readonly currentAttr: { readonly name: string };
  _leaveAttrName(): void;
}

/**
 * Remembers only those attributes of a tag that somebody will ask for: the tokenizer compares each with all that it has
 * of the tag, and there may be as many as the page has words.
 */
class LinkParser extends RewritingStream {
  constructor() {
    super();
    // Members of the tokenizer that its types keep to itself.
    const reader = this.tokenizer as unknown as AttributeReader;
    const remember = reader._leaveAttrName.bind(reader);
    reader._leaveAttrName = () => {
      const { name } = reader.currentAttr;
      if (foreignAttributes.includes(name) || urlAttributesOf(reader.currentToken.tagName).includes(name)) remember();
    };
  }
}

const urlAttributesOf = (tagName: string): readonly string[] =>
  Object.hasOwn(urlAttributes, tagName) ? (urlAttributes[tagName] ?? []) : [];

function linkRewriter(rewrite: (url: string) => string): Duplex[] {
  const rewriter = new LinkParser();
  let held = 0;
  rewriter.on('startTag', (tag, raw) => rewriter.emitRaw(rewriteTag(tag, raw, rewrite)));
  const toText = new Transform({
    encoding: 'latin1',
    transform(chunk: Buffer, _encoding, done) {
      held += chunk.length;
      if (held > maxHeldBytes) done(new Error('the page has a tag without an end'));
      else done(null, chunk);
    },
  });
  const toBytes = new Transform({
    decodeStrings: false,
    transform(text: string, _encoding, done) {
      held -= text.length;
      done(null, Buffer.from(text, 'latin1'));
    },
  });
  return [toText, rewriter, toBytes];
}

/** The tag as it was written, but for the URLs that change. */
function rewriteTag(tag: StartTag, raw: string, rewrite: (url: string) => string): string {
  const names = urlAttributesOf(tag.tagName);
  // The rewriter asks for places.
  const { startOffset: start, attrs = {} } = tag.sourceCodeLocation as Place;
  const changes = tag.attrs.flatMap(({ name, value }) => {
    const place = attrs[name];
    const url = names.includes(name) ? rewrite(value) : value;
    return place === undefined || url === value ? [] : [{ name, url, place }];
  });
  let text = raw;
  // From the end, so that what is before stays in its place.
  for (const { name, url, place } of changes.sort((a, b) => b.place.startOffset - a.place.startOffset)) {
    const attribute = `${name}="${url.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
    text = text.slice(0, place.startOffset - start) + attribute + text.slice(place.endOffset - start);
  }
  return text;
}
