/**
 * yargs, with help texts as wide as the terminal whose lines break between words. ES modules get a yargs that cuts lines
 * wherever they are full, in the middle of words: so it is loaded as CommonJS code gets it, which knows what a word is.
 */

import { createRequire } from 'node:module';
import type { Argv } from 'yargs';
import type createParser from 'yargs/yargs';

const yargs: typeof createParser = createRequire(import.meta.url)('yargs/yargs');

/** A parser of `words`: the command line without the program and its script. */
export const commandLine = (words: readonly string[] = []): Argv => yargs([...words]).wrap(helpColumns());

/** As wide as the terminal, but no line is hard to read or has no room for a description. */
export const helpColumns = (columns: number | undefined = process.stdout.columns): number =>
  Math.max(80, Math.min(120, columns ?? 120));
