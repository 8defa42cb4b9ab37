/**
 * `authorizer.group('').resource('pods').check('get').allowed()`. Expressions do not wait, authorizers may take their
 * time: what is not answered yet ends the run, is asked, and the expression runs again (`runAuthorized`). Upstream's
 * costs let no expression ask more than twice.
 */

import { CelError } from '../cel-error.ts';
import { OpaqueValue, type Value } from '../values/value.ts';
import { type Declarations, instance, text } from './function-table.ts';

/** What is to be authorized, as the expression built it. */
export interface AuthorizationQuestion {
  readonly verb: string;
  /** Undefined: the resource below. */
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly fieldSelector?: string;
  readonly labelSelector?: string;
  /** Whom it is about, where that is not the one who sent the request. */
  readonly serviceAccount?: { readonly namespace: string; readonly name: string };
}

export interface AuthorizationAnswer {
  readonly verdict: 'allowed' | 'denied' | 'no opinion';
  readonly reason: string;
  readonly error?: string;
}

/** Ends a run: no failure of the expression's. */
export class AuthorizationNeeded extends Error {
  override readonly name = 'AuthorizationNeeded';
  readonly question: AuthorizationQuestion;
  constructor(question: AuthorizationQuestion) {
    super('an authorizer has to be asked');
    this.question = question;
  }
}

type Answers = Map<string, AuthorizationAnswer>;
type Asked = Omit<AuthorizationQuestion, 'verb'>;

const typeNames = {
  authorizer: 'kubernetes.authorization.Authorizer',
  path: 'kubernetes.authorization.PathCheck',
  group: 'kubernetes.authorization.GroupCheck',
  resource: 'kubernetes.authorization.ResourceCheck',
} as const;

/** An authorizer, or a question that is being built. */
class CheckValue extends OpaqueValue {
  readonly typeName: string;
  readonly asked: Asked;
  readonly answers: Answers;
  constructor(kind: keyof typeof typeNames, asked: Asked, answers: Answers) {
    super();
    this.typeName = typeNames[kind];
    this.asked = asked;
    this.answers = answers;
  }

  equals(other: OpaqueValue): boolean {
    return this === other;
  }

  with(kind: keyof typeof typeNames, more: Asked): CheckValue {
    return new CheckValue(kind, { ...this.asked, ...more }, this.answers);
  }

  check(verb: string): DecisionValue {
    const question = { ...this.asked, verb };
    const answer = this.answers.get(JSON.stringify(question));
    if (answer === undefined) throw new AuthorizationNeeded(question);
    return new DecisionValue(answer);
  }
}

class DecisionValue extends OpaqueValue {
  readonly typeName = 'kubernetes.authorization.Decision';
  readonly answer: AuthorizationAnswer;
  constructor(answer: AuthorizationAnswer) {
    super();
    this.answer = answer;
  }

  equals(other: OpaqueValue): boolean {
    return this === other;
  }
}

/** What expressions name `authorizer`, and `authorizer.requestResource`: that of the request, where it is for one. */
export interface AuthorizerValues {
  readonly authorizer: Value;
  readonly requestResource: Value;
}

/** As often as there may be something to ask, and once more. */
const maxRuns = 100;

/** Runs expressions with an authorizer; `ask` is asked each question once. */
export async function runAuthorized<T>(
  run: (values: AuthorizerValues) => T | Promise<T>,
  requested: Asked,
  ask: (question: AuthorizationQuestion) => Promise<AuthorizationAnswer>,
): Promise<T> {
  const answers: Answers = new Map();
  const values = {
    authorizer: new CheckValue('authorizer', {}, answers),
    requestResource: new CheckValue('resource', requested, answers),
  };
  for (let count = 0; count < maxRuns; count += 1) {
    try {
      return await run(values);
    } catch (error) {
      if (!(error instanceof AuthorizationNeeded)) throw error;
      answers.set(JSON.stringify(error.question), await ask(error.question));
    }
  }
  throw new Error('expressions asked an authorizer too often');
}

const check = (value: Value | undefined): CheckValue => instance(value, CheckValue);
const answer = (value: Value | undefined): AuthorizationAnswer => instance(value, DecisionValue).answer;

function filled(value: string, what: string): string {
  if (value.trim() === '') throw new CelError(`${what} must not be empty`);
  return value;
}

function account(namespace: string, name: string): NonNullable<AuthorizationQuestion['serviceAccount']> {
  if (!isSubdomain(name)) throw new CelError('Invalid service account name');
  if (!isLabel(namespace)) throw new CelError('Invalid service account namespace');
  return { namespace, name };
}

const labelPattern = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/;
const isLabel = (value: string): boolean => value.length <= 63 && labelPattern.test(value);
const isSubdomain = (value: string): boolean =>
  value.length <= 253 && value.split('.').every((part) => labelPattern.test(part));

const builders = (['namespace', 'name', 'subresource', 'fieldSelector', 'labelSelector'] as const).map(
  (field) =>
    [
      `kubernetes.authorization.ResourceCheck.${field}(string): kubernetes.authorization.ResourceCheck`,
      ([a, b]: readonly Value[]) => check(a).with('resource', { [field]: text(b) }),
    ] as const,
);

export const authorizers: Declarations = [
  [
    'kubernetes.authorization.Authorizer.path(string): kubernetes.authorization.PathCheck',
    ([a, b]) => check(a).with('path', { path: filled(text(b), 'path') }),
  ],
  [
    'kubernetes.authorization.Authorizer.group(string): kubernetes.authorization.GroupCheck',
    ([a, b]) => check(a).with('group', { group: text(b) }),
  ],
  [
    'kubernetes.authorization.Authorizer.serviceAccount(string, string): kubernetes.authorization.Authorizer',
    ([a, b, c]) => check(a).with('authorizer', { serviceAccount: account(text(b), text(c)) }),
  ],
  [
    'kubernetes.authorization.GroupCheck.resource(string): kubernetes.authorization.ResourceCheck',
    ([a, b]) => check(a).with('resource', { resource: filled(text(b), 'resource') }),
  ],
  ...builders,
  [
    'kubernetes.authorization.PathCheck.check(string): kubernetes.authorization.Decision',
    ([a, b]) => check(a).check(text(b)),
  ],
  [
    'kubernetes.authorization.ResourceCheck.check(string): kubernetes.authorization.Decision',
    ([a, b]) => check(a).check(text(b)),
  ],
  ['kubernetes.authorization.Decision.allowed(): bool', ([a]) => answer(a).verdict === 'allowed'],
  ['kubernetes.authorization.Decision.reason(): string', ([a]) => answer(a).reason],
  ['kubernetes.authorization.Decision.error(): string', ([a]) => answer(a).error ?? ''],
  ['kubernetes.authorization.Decision.errored(): bool', ([a]) => answer(a).error !== undefined],
];
