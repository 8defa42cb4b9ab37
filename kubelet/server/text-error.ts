/**
 * A refusal in plain text, as upstream's kubelet answers what it does not serve or may not serve. What concerns a pod or
 * container is a `Status` instead: the API server hands it on to the client as it is.
 */
export class TextError extends Error {
  readonly code: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'TextError';
    this.code = code;
    this.headers = headers;
  }
}
