/** What an error says, in one line. Anything can be thrown. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code of an error of the system (`ENOENT`), or of another that has one; undefined when it has none. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What a program that failed wrote to its standard error, as `promisify(execFile)` rejects with it; '' when nothing. */
export function errorOutput(error: unknown): string {
  return error instanceof Error && 'stderr' in error && typeof error.stderr === 'string' ? error.stderr : '';
}
