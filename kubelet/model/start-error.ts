/** Why a container could not be started, as users find it in its status: `ErrImagePull`, `CreateContainerConfigError` … */

export class StartError extends Error {
  /** The reason in `state.waiting`. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StartError';
    this.reason = reason;
  }
}
