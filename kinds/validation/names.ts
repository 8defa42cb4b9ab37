/**
 * The grammars of names, labels and keys (RFC 1123, RFC 1035, Kubernetes' qualified names), in upstream's words.
 * Each function returns what is wrong with a text; nothing means that it is right. Lengths: the DNS rules count
 * characters ("must be no more than 253 characters"), the label rules bytes.
 */

const label1123 = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain1123 = `${label1123}(\\.${label1123})*`;
const underscoredLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscored1123 = `${underscoredLabel}(\\.${underscoredLabel})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedPart = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${qualifiedPart})?`;
const configKey = '[-._a-zA-Z0-9]+';
const httpHeader = '[-A-Za-z0-9]+';
const wildcard1123 = `\\*\\.${subdomain1123}`;

// Tests run on texts whose length was checked first, so none of these can take long.
const patterns = {
  label1123: new RegExp(`^${label1123}$`),
  subdomain1123: new RegExp(`^${subdomain1123}$`),
  underscored1123: new RegExp(`^${underscored1123}$`),
  label1035: new RegExp(`^${label1035}$`),
  qualifiedPart: new RegExp(`^${qualifiedPart}$`),
  labelValue: new RegExp(`^${labelValue}$`),
  configKey: new RegExp(`^${configKey}$`),
  httpHeader: new RegExp(`^${httpHeader}$`),
  wildcard1123: new RegExp(`^${wildcard1123}$`),
};

/** A rule as people read it, with examples: `… (e.g. 'a',  or 'b', regex used for validation is '…')`. */
function explain(rule: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${rule} (e.g. ${shown}regex used for validation is '${pattern}')`;
}

const texts = {
  label1123: explain(
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
    label1123,
    'my-name',
    '123-abc',
  ),
  subdomain1123: explain(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    subdomain1123,
    'example.com',
  ),
  underscored1123: explain(
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character",
    underscored1123,
    'example.com',
  ),
  label1035: explain(
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
    label1035,
    'my-name',
    'abc-123',
  ),
  qualifiedPart: explain(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    qualifiedPart,
    'MyName',
    'my.name',
    '123-abc',
  ),
  labelValue: explain(
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    labelValue,
    'MyValue',
    'my_value',
    '12345',
  ),
  configKey: explain(
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    configKey,
    'key.name',
    'KEY_NAME',
    'key-name',
  ),
  httpHeader: explain(
    "a valid HTTP header must consist of alphanumeric characters or '-'",
    httpHeader,
    'X-Header-Name',
  ),
  wildcard1123: explain(
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    wildcard1123,
    '*.example.com',
  ),
};

const bytes = (text: string): number => Buffer.byteLength(text);

function check(text: string, pattern: keyof typeof patterns, max: number, unit: 'characters' | 'bytes'): string[] {
  const tooLong = bytes(text) > max;
  const wrong = !patterns[pattern].test(tooLong ? text.slice(0, 4096) : text);
  return [...(tooLong ? [`must be no more than ${max} ${unit}`] : []), ...(wrong ? [texts[pattern]] : [])];
}

/** What would be a subdomain is told that it is one. */
export function checkDns1123Label(text: string): string[] {
  const found = check(text, 'label1123', 63, 'characters');
  if (!text.includes('.') || text.length > 4096 || !patterns.subdomain1123.test(text)) return found;
  return found.map((message) => (message === texts.label1123 ? 'must not contain dots' : message));
}

export const checkDns1123Subdomain = (text: string): string[] => check(text, 'subdomain1123', 253, 'characters');
export const checkUnderscoredSubdomain = (text: string): string[] => check(text, 'underscored1123', 253, 'characters');
export const checkDns1035Label = (text: string): string[] => check(text, 'label1035', 63, 'characters');
export const checkWildcardDns1123Subdomain = (text: string): string[] => check(text, 'wildcard1123', 253, 'characters');
export const checkLabelValue = (text: string): string[] => check(text, 'labelValue', 63, 'bytes');

/** Keys of labels, annotations, taints, extended resources: `name` or `prefix.example/name`. */
export function checkQualifiedName(text: string): string[] {
  const parts = text.split('/');
  const found: string[] = [];
  if (parts.length > 2) {
    return [
      `${texts.qualifiedPart.replace(/^must/, 'a valid label key must')} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') found.push('prefix part must be non-empty');
    else found.push(...check(prefix, 'subdomain1123', 253, 'bytes').map((message) => `prefix part ${message}`));
  }
  const name = parts.at(-1) ?? '';
  if (name === '') found.push('name part must be non-empty');
  else if (bytes(name) > 63) found.push('name part must be no more than 63 bytes');
  if (!patterns.qualifiedPart.test(name.slice(0, 4096))) found.push(`name part ${texts.qualifiedPart}`);
  return found;
}

/** Keys of ConfigMap and Secret data. */
export function checkConfigMapKey(key: string): string[] {
  const found: string[] = [];
  if (bytes(key) > 253) found.push('must be no more than 253 characters');
  if (!patterns.configKey.test(key)) found.push(texts.configKey);
  if (key === '.') found.push("may not be '.'");
  else if (key === '..') found.push("may not be '..'");
  else if (key.startsWith('..')) found.push("may not start with '..'");
  return found;
}

/** Names that need only fit into a URL (roles, webhook configurations of old). */
export function checkPathSegment(name: string): string[] {
  if (name === '.' || name === '..') return [`may not be '${name}'`];
  return ['/', '%'].filter((sign) => name.includes(sign)).map((sign) => `may not contain '${sign}'`);
}

/** Names of Services (and of what lies behind them) as other objects write them: a dot gets a message of its own. */
export function checkServiceName(name: string): string[] {
  return name.includes('.') ? ['must not contain dots'] : checkDns1123Label(name);
}

/** Names of ports: an IANA service name. */
export function checkPortName(port: string): string[] {
  const found: string[] = [];
  if (port.length > 15) found.push('must be no more than 15 characters');
  if (!/^[-a-z0-9]+$/.test(port)) found.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(port)) found.push('must contain at least one letter (a-z)');
  if (port.includes('--')) found.push('must not contain consecutive hyphens');
  if (port.startsWith('-') || port.endsWith('-')) found.push('must not begin or end with a hyphen');
  return found;
}

export function checkPortNumber(port: number): string[] {
  return port >= 1 && port <= 65_535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** Names of headers in HTTP probes and hooks. */
export const checkHttpHeaderName = (name: string): string[] =>
  patterns.httpHeader.test(name) ? [] : [texts.httpHeader];

/** Names of environment variables: anything printable but `=`. */
export function checkEnvironmentName(name: string): string[] {
  if (/^[ -<>-~]+$/.test(name)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** What stands before a generated suffix: it may end where the whole name may not. */
export function checkNamePrefix(check: (name: string) => string[], prefix: string): string[] {
  if (check === checkPathSegment)
    return checkPathSegment(prefix).filter((message) => !message.startsWith('may not be'));
  return check(prefix.endsWith('-') && prefix.length > 1 ? `${prefix.slice(0, -1)}a` : prefix);
}
