/** CONTRACT: the person at a terminal, as a program sees them: what they read, and when they want to stop. */

export interface Output {
  /** Bytes are what a container wrote, whatever they are. */
  write(text: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  /** 0 for a terminal whose size is unknown. */
  readonly columns?: number;
}

export interface Terminal {
  readonly out: Output;
  readonly errors: Output;
  /** Aborts when the user wants to stop. */
  readonly signal: AbortSignal;
}
