/**
 * A number that a JavaScript number does not carry as it was written: `1.0`, `1e3`, `9223372036854775808`.
 * Decoding by schema turns it into a number, a quantity's text, or an error that shows the text.
 */
export class NumberLiteral {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toJSON(): number {
    return Number(this.text);
  }
}
