/** `format.dns1123Label().validate(text)`: formats with names, and what is wrong with a text, if anything is. */

import { readTime } from '../values/time.ts';
import { ItemList, none, OpaqueValue, OptionalValue } from '../values/value.ts';
import { type Declarations, instance, text } from './function-table.ts';

type Check = (subject: string) => readonly string[];

class FormatValue extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly check: Check;
  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof FormatValue && other.name === this.name;
  }
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const oldLabel = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const value = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const name = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

const labelWords =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const subdomainWords =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const oldLabelWords =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const valueWords =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const nameWords =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

/** None of these patterns can be matched in two ways. */
function bounded(source: RegExp, words: string, most: number): Check {
  return (subject) => [
    ...(subject.length > most ? [`must be no more than ${most} characters`] : []),
    ...(source.test(subject.slice(0, most + 1)) ? [] : [words]),
  ];
}

const prefixed =
  (check: Check): Check =>
  (subject) =>
    check(subject.endsWith('-') ? `${subject.slice(0, -1)}a` : subject);

const subdomain: Check = (subject) => [
  ...(subject.length > 253 ? ['must be no more than 253 characters'] : []),
  ...(subject.length <= 253 && subject.split('.').every((part) => label.test(part)) ? [] : [subdomainWords]),
];

function qualifiedName(subject: string): readonly string[] {
  const parts = subject.split('/');
  if (parts.length > 2)
    return [
      "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
    ];
  const last = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? (parts[0] ?? '') : undefined;
  const ofPrefix =
    prefix === ''
      ? ['prefix part must be non-empty']
      : prefix === undefined
        ? []
        : subdomain(prefix).map((one) => `prefix part ${one}`);
  if (last === '') return [...ofPrefix, 'name part must be non-empty', nameWords];
  return [
    ...ofPrefix,
    ...(last.length > 63 ? ['name part must be no more than 63 characters'] : []),
    ...(name.test(last) ? [] : [nameWords]),
  ];
}

const single =
  (isRight: (subject: string) => boolean, words: string): Check =>
  (subject) =>
    isRight(subject) ? [] : [words];

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isDate = (subject: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(subject) && readTime(`${subject}T00:00:00Z`) !== undefined;

const checks: Readonly<Record<string, Check>> = {
  dns1123Label: bounded(label, labelWords, 63),
  dns1123Subdomain: subdomain,
  dns1035Label: bounded(oldLabel, oldLabelWords, 63),
  qualifiedName,
  dns1123LabelPrefix: prefixed(bounded(label, labelWords, 63)),
  dns1123SubdomainPrefix: prefixed(subdomain),
  dns1035LabelPrefix: prefixed(bounded(oldLabel, oldLabelWords, 63)),
  labelValue: bounded(value, valueWords, 63),
  uri: single((subject) => URL.canParse(subject), 'invalid URI'),
  uuid: single((subject) => uuid.test(subject), 'does not match the UUID format'),
  byte: single((subject) => base64.test(subject), 'invalid base64'),
  date: single(isDate, 'invalid date'),
  datetime: single((subject) => readTime(subject) !== undefined, 'invalid datetime'),
};

const formats = new Map(Object.entries(checks).map(([key, check]) => [key, new FormatValue(key, check)]));

function validate(format: FormatValue, subject: string): OptionalValue {
  const problems = format.check(subject);
  return problems.length === 0 ? none : new OptionalValue(new ItemList(problems));
}

export const namedFormats: Declarations = [
  ...[...formats].map(([key, format]): Declarations[number] => [
    `format.${key}(): kubernetes.NamedFormat`,
    () => format,
  ]),
  [
    'format.named(string): optional(kubernetes.NamedFormat)',
    ([a]) => {
      const format = formats.get(text(a));
      return format === undefined ? none : new OptionalValue(format);
    },
  ],
  [
    'kubernetes.NamedFormat.validate(string): optional(list(string))',
    ([a, b]) => validate(instance(a, FormatValue), text(b)),
  ],
];
