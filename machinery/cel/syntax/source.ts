/** Places in the text of an expression, and how the compiler shows what is wrong there. */

import type { Issue } from '../environment.ts';

/** Longer lines are not repeated under the message. */
const longestLine = 16_384;

/** What is wrong at an offset in the text. */
export interface Problem {
  readonly at: number;
  readonly message: string;
}

/** As upstream shows them: in the order of the text, each with its line and a sign under the place. */
export function showProblems(source: string, problems: readonly Problem[]): { message: string; issues: Issue[] } {
  const lines = source.split('\n');
  const issues = [...problems]
    .map((problem, index) => ({ problem, index }))
    .sort((a, b) => a.problem.at - b.problem.at || a.index - b.index)
    .map(({ problem }) => placed(source, problem));
  return { issues, message: issues.map((issue) => showIssue(issue, lines[issue.line - 1] ?? '')).join('\n') };
}

function placed(source: string, { at, message }: Problem): Issue {
  const before = source.slice(0, at);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length, message };
}

/** Characters of several bytes are wide, and so are the dots and the sign under them. */
function showIssue({ line, column, message }: Issue, text: string): string {
  const head = `ERROR: <input>:${line}:${column + 1}: ${message}`;
  if (text.length > longestLine) return head;
  const characters = [...text.replaceAll('\t', ' ')];
  const isWide = (character: string | undefined): boolean => (character?.codePointAt(0) ?? 0) > 0x7f;
  const dots = characters.slice(0, column).map((character) => (isWide(character) ? '．' : '.'));
  const sign = isWide(characters[column]) ? '＾' : '^';
  return `${head}\n | ${characters.join('')}\n | ${dots.join('')}${sign}`;
}
