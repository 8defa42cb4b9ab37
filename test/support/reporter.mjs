/**
 * What `npm test` shows of node's test runner: all of every failure; and the totals, with the milliseconds of each file,
 * as JSON in the file that LONGSHORE_TEST_TOTALS names. Plain JavaScript: node loads it without a compiler.
 */

import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inspect } from 'node:util';

/** @typedef {{ file?: string | undefined, nesting: number, name: string }} Named */

/** The names of the suites around a test, by file and nesting; those of suites that another file began are not known. */
class Titles {
  /** @type {Map<string | undefined, string[]>} */
  #open = new Map();

  /** @param {Named} test */
  started({ file, nesting, name }) {
    const titles = (this.#open.get(file) ?? []).slice(0, nesting);
    titles[nesting] = name;
    this.#open.set(file, titles);
  }

  /** @param {Named} test */
  of({ file, nesting, name }) {
    const around = (this.#open.get(file) ?? []).slice(0, nesting).filter((title) => title !== undefined);
    return [...around, name].join(' › ');
  }
}

/** @param {AsyncIterable<import('node:test/reporters').TestEvent>} source */
// biome-ignore lint/style/noDefaultExport: node's test runner asks for the default export of a reporter
export default async function* report(source) {
  const titles = new Titles();
  const totals = { passed: 0, failed: 0, skipped: 0 };
  /** @type {Record<string, number>} */
  const timesMs = {};
  const written = new Map();
  for await (const { type, data } of source) {
    if (type === 'test:start') titles.started(data);
    if ((type === 'test:pass' || type === 'test:fail') && data.nesting === 0) {
      const file = relative(process.cwd(), data.file ?? '');
      timesMs[file] = (timesMs[file] ?? 0) + data.details.duration_ms;
    }
    if (type === 'test:pass' && data.details?.type !== 'suite') {
      if (data.skip || data.todo) totals.skipped += 1;
      else totals.passed += 1;
    }
    if (type === 'test:fail' && isOwnFailure(data)) {
      totals.failed += 1;
      const isWholeFile = data.name === data.file;
      const detail = isWholeFile ? indent(written.get(data.file) ?? '') : explain(data.details.error);
      yield `\n✗ ${relative(process.cwd(), data.file ?? '')}${isWholeFile ? '' : `: ${titles.of(data)}`}\n${detail}\n`;
    }
    if (type === 'test:stderr' || type === 'test:stdout') {
      written.set(data.file, ((written.get(data.file) ?? '') + data.message).slice(-4000));
      if (process.env.LONGSHORE_TEST_VERBOSE) yield data.message;
    }
  }
  if (process.env.LONGSHORE_TEST_TOTALS)
    writeFileSync(process.env.LONGSHORE_TEST_TOTALS, JSON.stringify({ ...totals, timesMs }));
}

/**
 * A suite or file also fails when something in it fails: that is reported already.
 *
 * @param {{ details: { error?: Error & { failureType?: string } } }} failure
 */
function isOwnFailure({ details }) {
  return details.error?.failureType !== 'subtestsFailed';
}

/** @param {Error | undefined} error */
function explain(error) {
  const cause = error?.cause ?? error;
  const text = cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause, { depth: 6 });
  return indent(text);
}

const indent = (/** @type {string} */ text) => text.replace(/^/gm, '    ');
