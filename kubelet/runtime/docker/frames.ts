/** Docker's way of putting two outputs into one stream: frames of 8 bytes of header (1 stdout, 2 stderr) and content. */

export interface Frame {
  readonly channel: 'stdout' | 'stderr';
  readonly content: Buffer;
}

/** Takes a stream apart as it comes; keeps at most one unfinished frame. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  read(chunk: Buffer): Frame[] {
    let rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    while (rest.length >= 8) {
      const end = 8 + rest.readUInt32BE(4);
      if (rest.length < end) break;
      frames.push({ channel: rest[0] === 2 ? 'stderr' : 'stdout', content: rest.subarray(8, end) });
      rest = rest.subarray(end);
    }
    this.#rest = rest;
    return frames;
  }
}
