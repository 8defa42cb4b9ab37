/** What makes an evaluation fail, in the words that users read: `no such key: a`, `division by zero`. */
export class CelError extends Error {
  override readonly name: string = 'CelError';
}
