import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Warnings } from './warnings.ts';

function headerOf(texts: Iterable<string>): string | undefined {
  const warnings = new Warnings();
  for (const text of texts) warnings.add(text);
  return warnings.header;
}

const numbered = (count: number, text: string): string[] => Array.from({ length: count }, (_, i) => `${text} ${i}`);

describe('Warnings', () => {
  it('says nothing when there is nothing to say', () => {
    assert.equal(headerOf([]), undefined);
    assert.equal(headerOf(['']), undefined);
  });

  it('are one header, in order, each text once', () => {
    assert.equal(headerOf(['b', 'a', 'b']), '299 - "b", 299 - "a"');
  });

  it('quote what a quoted string may not hold', () => {
    assert.equal(headerOf(['a "b"\r\nc\\']), String.raw`299 - "a \"b\" c\\"`);
    assert.equal(headerOf(['é']), `299 - "${Buffer.from('é').toString('latin1')}"`);
  });

  it('stay whole while all of them are short enough', () => {
    assert.equal(headerOf(['x'.repeat(4096)]), `299 - "${'x'.repeat(4096)}"`);
  });

  it('are cut to 256 characters each when together they are too long', () => {
    assert.equal(headerOf(['a'.repeat(4000), 'b'.repeat(97)]), `299 - "${'a'.repeat(256)}", 299 - "${'b'.repeat(97)}"`);
    assert.equal(headerOf(['🦜'.repeat(5000)]), `299 - "${Buffer.from('🦜'.repeat(256)).toString('latin1')}"`);
  });

  it('take no more than 8 KiB of a header, whatever they are', () => {
    const many = [numbered(100_000, 'unknown field'), numbered(100_000, ''), numbered(5000, '🦜'.repeat(300))];
    for (const texts of many) {
      const header = headerOf(texts) ?? '';
      assert.ok(header.length > 1000 && header.length <= 8192, `${header.length} bytes`);
      assert.match(header, /"$/);
    }
  });
});
