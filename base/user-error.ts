/** Something that the user can put right: the message says what is wrong and what to do, and nothing else is shown. */

export class UserError extends Error {
  override readonly name = 'UserError';
  /** What a command that fails because of it ends with. */
  readonly exitCode: number;

  constructor(message: string, options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}
