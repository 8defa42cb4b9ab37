/**
 * A reporter for node's test runner: a line of JSON for each test that passed, `{"passed":NAME}`, and for each that
 * failed, `{"failed":NAME,"reason":TEXT}`. Plain JavaScript: node loads it without a compiler.
 */

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} source */
// biome-ignore lint/style/noDefaultExport: node's test runner asks for the default export of a reporter
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === 'test:pass' && !data.skip && !data.todo) yield `${JSON.stringify({ passed: data.name })}\n`;
    if (type === 'test:fail') {
      /** @type {{ error: Error & { failureType?: string, cause?: Error } }} */
      const { error } = data.details;
      // A suite or file also fails when something in it fails: that has its line.
      if (error.failureType === 'subtestsFailed') continue;
      yield `${JSON.stringify({ failed: data.name, reason: String(error.cause?.stack ?? error.cause ?? error) })}\n`;
    }
  }
}
