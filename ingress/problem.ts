/** What an Ingress's owner has to know, and reads as an event of it. */

export interface Problem {
  /** CamelCase: `UnsupportedAnnotation`. */
  readonly reason: string;
  readonly message: string;
}
