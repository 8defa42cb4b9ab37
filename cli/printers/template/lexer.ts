/** Cuts a Go template into text and actions, and an action into tokens. */

export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

export type Segment =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly tokens: readonly Token[]; readonly source: string };

const signs = ['(', ')', '|', ':=', '=', ','] as const;

export type Token =
  | { readonly type: 'literal'; readonly value: string | number | boolean | null }
  /** `.a.b`: the names; none for `.` itself. */
  | { readonly type: 'field'; readonly names: readonly string[] }
  /** `$x.a.b`: `$` alone has the name ''. */
  | { readonly type: 'variable'; readonly name: string; readonly names: readonly string[] }
  /** A keyword or function. */
  | { readonly type: 'word'; readonly word: string }
  | { readonly type: 'sign'; readonly sign: (typeof signs)[number] };

/** Text between actions, trimmed where these say so with `{{-` and `-}}`; comments are left out. */
export function splitTemplate(source: string): Segment[] {
  const segments: Segment[] = [];
  let position = 0;
  let trimNext = false;
  while (position < source.length) {
    const open = source.indexOf('{{', position);
    const close = open < 0 ? -1 : endOfAction(source, open + 2);
    const text = source.slice(position, open < 0 ? undefined : open);
    const trimsBefore = open >= 0 && /^-\s/.test(source.slice(open + 2, open + 4));
    const trimmed = trimText(text, trimNext, trimsBefore);
    if (trimmed !== '') segments.push({ type: 'text', text: trimmed });
    if (open < 0) break;
    const inner = source.slice(open + 2, close);
    trimNext = /\s-$/.test(inner);
    const action = inner.slice(trimsBefore ? 1 : 0, trimNext ? -1 : undefined).trim();
    if (!isComment(action)) segments.push({ type: 'action', tokens: tokenize(action), source: action });
    position = close + 2;
  }
  return segments;
}

function endOfAction(source: string, start: number): number {
  const ends = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|\}\}/g;
  ends.lastIndex = start;
  for (let found = ends.exec(source); found !== null; found = ends.exec(source)) {
    if (found[0] === '}}') return found.index;
  }
  throw new TemplateError('unclosed action');
}

function trimText(text: string, start: boolean, end: boolean): string {
  const left = start ? text.trimStart() : text;
  return end ? left.trimEnd() : left;
}

const isComment = (action: string): boolean => action.startsWith('/*') && action.endsWith('*/');

const rules: readonly [RegExp, (match: string) => Token | undefined][] = [
  [/^\s+/, () => undefined],
  [/^"(?:[^"\\\n]|\\.)*"/, (text) => ({ type: 'literal', value: unquote(text) })],
  [/^`[^`]*`/, (text) => ({ type: 'literal', value: text.slice(1, -1) })],
  [/^[+-]?\d+(?:\.\d+)?/, (text) => ({ type: 'literal', value: Number(text) })],
  [/^\$\w*(?:\.\w+)*/, (text) => variable(text)],
  [/^\.(?:\w+(?:\.\w+)*)?/, (text) => ({ type: 'field', names: text.split('.').filter((name) => name !== '') })],
  [/^(?::=|[()|=,])/, signToken],
  [/^[A-Za-z]\w*/, (text) => word(text)],
];

function signToken(text: string): Token | undefined {
  const sign = signs.find((one) => one === text);
  return sign && { type: 'sign', sign };
}

function tokenize(action: string): Token[] {
  const tokens: Token[] = [];
  let rest = action;
  while (rest !== '') {
    const rule = rules.map(([pattern, make]) => ({ match: pattern.exec(rest)?.[0], make })).find(({ match }) => match);
    if (rule?.match === undefined) throw new TemplateError(`unexpected "${rest.slice(0, 10)}" in {{${action}}}`);
    const token = rule.make(rule.match);
    if (token !== undefined) tokens.push(token);
    rest = rest.slice(rule.match.length);
  }
  return tokens;
}

function word(text: string): Token {
  const constants = new Map([
    ['true', true],
    ['false', false],
    ['nil', null],
  ]);
  const value = constants.get(text);
  return value === undefined ? { type: 'word', word: text } : { type: 'literal', value };
}

function variable(text: string): Token {
  const [name = '', ...names] = text.slice(1).split('.');
  return { type: 'variable', name, names };
}

function unquote(text: string): string {
  try {
    // It begins and ends with a quote: JSON's string, or an error.
    return JSON.parse(text) as string;
  } catch (cause) {
    throw new TemplateError(`${text} is not a string`, { cause });
  }
}
