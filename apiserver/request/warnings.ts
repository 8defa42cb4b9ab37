/**
 * The texts of one answer's `Warning` header, bounded as upstream bounds them: each is said once, and when all together
 * are too long, each is cut and the rest is left out. Clients have limits of their own for headers, and break beyond.
 */

/** All texts together, in characters. Beyond, every text is cut. */
const longestTotal = 4096;
const longestCutText = 256;
/** What the header may take on the wire: texts may be of any alphabet, and many short ones cost more than they say. */
const longestHeaderBytes = 8 * 1024;

export class Warnings {
  readonly #texts = new Set<string>();
  #length = 0;
  #isCutting = false;

  /** In the order in which they came. */
  get texts(): readonly string[] {
    return [...this.#texts];
  }

  /** Costs next to nothing once there is no more room. */
  add(text: string): void {
    if (text === '' || (this.#isCutting && this.#length >= longestTotal)) return;
    const kept = this.#isCutting ? cut(text) : text;
    if (this.#texts.has(kept)) return;
    this.#texts.add(kept);
    this.#length += lengthOf(kept);
    if (!this.#isCutting && this.#length > longestTotal) this.#cutAll();
  }

  /** The header's value; undefined when there is nothing to say. */
  get header(): string | undefined {
    let header = '';
    for (const text of this.#texts) {
      const longer = header === '' ? warningValue(text) : `${header}, ${warningValue(text)}`;
      if (longer.length > longestHeaderBytes) break;
      header = longer;
    }
    return header === '' ? undefined : header;
  }

  #cutAll(): void {
    const all = [...this.#texts].map(cut);
    this.#isCutting = true;
    this.#texts.clear();
    for (const text of all) this.#texts.add(text);
    this.#length = this.texts.reduce((sum, text) => sum + lengthOf(text), 0);
  }
}

const lengthOf = (text: string): number => {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
};

/** Cut between characters, never inside one. The first slice bounds what is looked at. */
const cut = (text: string): string =>
  text.length <= longestCutText ? text : [...text.slice(0, 2 * longestCutText)].slice(0, longestCutText).join('');

/** RFC 7234: a quoted string may not hold line breaks or other control characters. One character of it is one byte. */
function warningValue(text: string): string {
  const clean = text.replace(/\p{Cc}+/gu, ' ').replace(/["\\]/g, '\\$&');
  return `299 - "${Buffer.from(clean, 'utf8').toString('latin1')}"`;
}
