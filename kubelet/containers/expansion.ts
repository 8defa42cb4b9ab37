/** `$(NAME)` in commands, arguments and values. Pure. */

/**
 * Replaces `$(NAME)` by `lookUp(NAME)`; where that is undefined, `$(NAME)` stays. `$$` is a `$` that begins nothing;
 * any other `$` is itself.
 */
export function expand(text: string, lookUp: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return (name === '' ? undefined : lookUp(name)) ?? whole;
  });
}
