/** Reading streams piece by piece. */

/** Of a stream without an encoding, which gives nothing but Buffers: Node's types do not tell, hence the cast. */
export const chunksOf = (stream: NodeJS.ReadableStream): AsyncIterable<Buffer> => stream as AsyncIterable<Buffer>;
