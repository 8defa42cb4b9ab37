/**
 * What is wrong with a YAML text, in the words that clients know. The parser that reads it for us says more or less the
 * same in other words and counts lines otherwise; this is the border where they are translated.
 */

import type { YAMLException } from 'js-yaml';

/** Which part of the usual parser would have stumbled: they count lines differently, and some do not tell any. */
type Part = 'reader' | 'scanner' | 'parser';

interface Problem {
  readonly text: string;
  readonly part: Part;
  /** Lines further on than where our parser stands. */
  readonly linesOn?: number;
}

const scanner = (text: string): Problem => ({ text, part: 'scanner' });
const parser = (text: string): Problem => ({ text, part: 'parser' });
const reader = (text: string): Problem => ({ text, part: 'reader' });

const noToken = scanner('found character that cannot start any token');
const noKey = parser('did not find expected key');
const noNode = parser('did not find expected node content');
const noName = scanner('did not find expected alphabetic or numeric character');
const noLineBreak = scanner('did not find expected comment or line break');
const noValue = scanner('mapping values are not allowed in this context');
const control = reader('control characters are not allowed');
const noColon: Problem = { text: "could not find expected ':'", part: 'scanner', linesOn: 1 };

interface Place {
  readonly text: string;
  readonly position: number;
}

/** What stands before a place: enough to name what is wrong, and little enough to search however it is written. */
const before = ({ text, position }: Place): string => text.slice(Math.max(0, position - 2_000), position);

/** By the beginning of our parser's reason. */
const problems: readonly (readonly [string, (place: Place, reason: string) => Problem])[] = [
  ['expected the node content', () => noNode],
  ['missed comma between flow', afterFlowEntry],
  ['bad indentation of a', misplaced],
  ['the stream contains non-printable', () => control],
  ['null byte is not allowed', () => control],
  ['expected valid JSON character', () => control],
  ['cannot merge mappings', () => reader('map merge requires map or sequence of maps as the value')],
  ['a line break is expected', () => noLineBreak],
  ['repeat of a chomping mode', () => noLineBreak],
  ['bad explicit indentation width', () => scanner('found an indentation indicator equal to 0')],
  ['unidentified alias', (_, reason) => reader(`unknown anchor '${quoted(reason)}' referenced`)],
  ['cannot resolve a node with', wrongForTag],
  ['unknown escape sequence', () => scanner('found unknown escape character')],
  ['expected hexadecimal character', () => scanner('did not find expected hexdecimal number')],
  ['unexpected end of the stream within a flow', endOfFlow],
  ['unexpected end of the stream within a', () => scanner('found unexpected end of stream')],
  ['tab characters must not be used', () => noToken],
  ['end of the stream or a document separator', afterDocument],
  ['incomplete explicit mapping pair', () => noKey],
  ['can not read an implicit mapping pair', () => noColon],
  ['can not read a block mapping entry', () => noColon],
  ['undeclared tag handle', () => parser('found undefined tag handle')],
  ['name of an a', () => noName],
  ['duplication of an anchor', () => noKey],
  ['duplication of a tag', () => noKey],
  ['directives end mark is expected', () => parser('did not find expected <document start>')],
  ['duplication of %YAML', () => parser('found duplicate %YAML directive')],
];

/** The whole message of an error in `text`. */
export function yamlErrorText({ reason, mark }: YAMLException, text: string): string {
  if (mark === undefined) return `yaml: ${reason}`;
  const known = problems.find(([beginning]) => reason.startsWith(beginning))?.[1];
  const problem = known?.({ text, position: mark.position }, reason);
  if (problem === undefined) return `yaml: line ${mark.line + 1}: ${reason}`;
  return `yaml: ${lineText(problem, mark.line)}${problem.text}`;
}

/** The first line is not told; a parser counts from 0. */
function lineText({ part, linesOn = 0 }: Problem, line: number): string {
  if (part === 'reader' || line + linesOn === 0) return '';
  return `line ${line + linesOn + (part === 'scanner' ? 1 : 0)}: `;
}

const quoted = (reason: string): string => /"(.*)"/.exec(reason)?.[1] ?? '';

/** Tabs are no indentation. A dash with a tab after it only looks like one that indents. */
function isIndentedByTab({ text, position }: Place): boolean {
  const line = text.slice(text.lastIndexOf('\n', position - 1) + 1, position);
  return /^[ -]*\t/.test(line);
}

/** What stands where nothing but the next entry of a block may. */
function misplaced({ text, position }: Place): Problem {
  const character = text[position] ?? '';
  if (isIndentedByTab({ text, position })) return noToken;
  const isIndicator = /^(?:\s|$)/.test(text.slice(position + 1, position + 2));
  if (character === ':') return noValue;
  if (character === '-' && isIndicator) return scanner('block sequence entries are not allowed in this context');
  if (character === '?' && isIndicator) return scanner('mapping keys are not allowed in this context');
  if ('%@`\t'.includes(character)) return noToken;
  if (',]}'.includes(character)) return noNode;
  return noKey;
}

function afterFlowEntry(place: Place): Problem {
  const character = place.text[place.position] ?? '';
  if ('|>%@`'.includes(character)) return noToken;
  if (character === '-' || character === '?') return noNode;
  return unclosed(place);
}

function endOfFlow(place: Place): Problem {
  const plain = before(place).replaceAll(/(?:^|(?<=[\s[{]))#.*$/gm, '');
  return /[[{,:]\s*$/.test(plain) ? noNode : unclosed(place);
}

const unclosed = (place: Place): Problem => parser(`did not find expected ',' or '${closingOf(place)}'`);

/** What ends the flow collection that is open here. */
function closingOf(place: Place): ']' | '}' {
  const open: (']' | '}')[] = [];
  for (const [token] of before(place).matchAll(/ #[^\n]*|"(?:[^"\\]|\\.)*"|'[^']*'|[[\]{}]/gs)) {
    if (token === '[') open.push(']');
    else if (token === '{') open.push('}');
    else if (token === ']' || token === '}') open.pop();
  }
  return open.at(-1) ?? '}';
}

/** A scalar that is not what its tag says. */
function wrongForTag(place: Place, reason: string): Problem {
  const [, tag = ''] = /2002:(\w+)>/.exec(reason) ?? [];
  const [, , value = ''] = /!!\w+[ \t]+(["']?)([^\n]*?)\1\s*$/.exec(before(place).slice(-200)) ?? [];
  const found =
    value === '' ? 'null' : /^[-+]?\d+$/.test(value) ? 'int' : /^[-+]?[\d.]+$/.test(value) ? 'float' : 'str';
  return reader(`cannot decode !!${found} \`${value}\` as a !!${tag}`);
}

/** The content of the document has ended, and yet there is more. */
function afterDocument({ text, position }: Place): Problem {
  const character = text[position] ?? '';
  if ('\t@`'.includes(character) || isIndentedByTab({ text, position })) return noToken;
  if (character === ':') return noValue;
  return /^- /m.test(text.slice(0, position)) && !/^[^-#\s]/m.test(text.slice(0, position))
    ? parser("did not find expected '-' indicator")
    : noKey;
}
