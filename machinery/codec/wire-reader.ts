/** Reads the protobuf wire format: tags, varints and byte strings. What the fields mean is the caller's business. */

/** The bytes are not a protobuf message of the expected shape. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

export type WireType = 0 | 1 | 2 | 5;

export class WireReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The next field's number and how its value is written. */
  tag(): { readonly number: number; readonly type: WireType } {
    const tag = Number(this.varint());
    const type = tag & 7;
    if (type !== 0 && type !== 1 && type !== 2 && type !== 5)
      throw new ProtobufError(`proto: illegal wireType ${type}`);
    return { number: Math.floor(tag / 8), type };
  }

  /** Up to 64 bits, unsigned. */
  varint(): bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('proto: integer overflow');
  }

  /** A length and as many bytes, not copied. */
  bytes(): Buffer {
    const length = Number(this.varint());
    if (length > this.#bytes.length - this.#at) throw new ProtobufError('unexpected EOF');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  double(): number {
    return this.#fixed(8).readDoubleLE();
  }

  skip(type: WireType): void {
    if (type === 0) this.varint();
    else if (type === 2) this.bytes();
    else this.#fixed(type === 1 ? 8 : 4);
  }

  #fixed(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new ProtobufError('unexpected EOF');
    const start = this.#at;
    this.#at += length;
    return this.#bytes.subarray(start, this.#at);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    this.#at += 1;
    return byte;
  }
}
