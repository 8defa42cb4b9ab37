/** The functions that Kubernetes' expressions have beside the language's own. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { said } from '../testing/said.ts';

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

const tables: Readonly<Record<string, readonly (readonly [expression: string, answer: string])[]>> = {
  text: [
    ["'tacocat'.charAt(3)", '"o"'],
    ["'tacocat'.charAt(7)", '""'],
    ["'tacocat'.charAt(8)", '! index out of range: 8'],
    ["'tacocat'.indexOf('ac')", '1'],
    ["'tacocat'.indexOf('a', 3)", '5'],
    ["'tacocat'.indexOf('none')", '-1'],
    ["'ta©o©αT'.indexOf('©', 3)", '4'],
    ["'tacocat'.lastIndexOf('at')", '5'],
    ["'tacocat'.lastIndexOf('a', 4)", '1'],
    ["'TacoCÆt'.lowerAscii()", '"tacocÆt"'],
    ["'tacoCαt'.upperAscii()", '"TACOCαT"'],
    ["'hello hello'.replace('he', 'we')", '"wello wello"'],
    ["'hello hello'.replace('he', 'we', 1)", '"wello hello"'],
    ["'hello'.replace('', '_')", '"_h_e_l_l_o_"'],
    ["'a b c'.split(' ')", '["a","b","c"]'],
    ["'a b c'.split(' ', 2)", '["a","b c"]'],
    ["'aé😀'.split('')", '["a","é","😀"]'],
    ["'tacocat'.substring(4)", '"cat"'],
    ["'ta©o©αT'.substring(2, 6)", '"©o©α"'],
    ["'tacocat'.substring(3, 1)", '! invalid substring range. start: 3, end: 1'],
    [String.raw`' \t\n text \u00a0'.trim()`, '"text"'],
    ["['a', 'b'].join('-')", '"a-b"'],
    ["'gums'.reverse()", '"smug"'],
    [String.raw`strings.quote('a"b\n')`, String.raw`"\"a\\\"b\\n\""`],
    [
      "'%s is %d of %.2f, %x, %b, %o, %e, %%'.format(['a', 3, 1.5, 255, 5, 8, 1234.5])",
      '"a is 3 of 1.50, ff, 101, 10, 1.234500e+03, %"',
    ],
    ["'%s'.format([{'b': [1, true], 'a': null}])", '"{a: null, b: [1, true]}"'],
    ["'%d'.format(['a'])", '! error during formatting: decimal clause can only be used on integers, was given string'],
    ["'%s'.format([])", '! index 0 out of range'],
    ["'abc 123'.find('[0-9]+')", '"123"'],
    ["'1 22 333'.findAll('[0-9]+', 2)", '["1","22"]'],
    ["'x'.findAll('[0-9]+')", '[]'],
  ],
  lists: [
    ['[1, 2, 2].isSorted()', 'true'],
    ["['b', 'a'].isSorted()", 'false'],
    ['[1, 2, 3].sum()', '6'],
    ['[].sum() == 0', 'true'],
    ['[3, 1, 2].min()', '1'],
    ["['a', 'c', 'b'].max()", '"c"'],
    ["[duration('1s'), duration('2s')].sum()", '"3s"'],
    ['[1, 2, 1].indexOf(1)', '0'],
    ['[1, 2, 1].lastIndexOf(1)', '2'],
    ['[1, 2].indexOf(3)', '-1'],
    ['sets.contains([1, 2], [2])', 'true'],
    ['sets.equivalent([1, 2], [2, 1, 1])', 'true'],
    ['sets.intersects([1], [2])', 'false'],
  ],
  URLs: [
    ["url('https://user@example.com:80/path%20x?k=v&k=w').getHost()", '"example.com:80"'],
    ["url('https://example.com:80/').getPort()", '"80"'],
    ["url('https://[::1]:80/').getHostname()", '"::1"'],
    ["url('https://example.com/a b').getEscapedPath()", '"/a%20b"'],
    ["url('https://example.com/?k=v&k=w%20x').getQuery()", '{"k":["v","w x"]}'],
    ["url('/path').getScheme()", '""'],
    ["isURL('../relative')", 'false'],
    [
      "url('../relative')",
      '! URL parse error during conversion from string: parse "../relative": invalid URI for request',
    ],
  ],
  addresses: [
    ["ip('10.0.0.1').family()", '4'],
    ["isIP('10.0.0.256')", 'false'],
    ["ip('::1').isLoopback()", 'true'],
    ["ip('fe80::1').isLinkLocalUnicast()", 'true'],
    ["ip('8.8.8.8').isGlobalUnicast()", 'true'],
    ["ip.isCanonical('2001:DB8::1')", 'false'],
    ["string(ip('2001:db8:0::1'))", '"2001:db8::1"'],
    ["ip('127.0.0.1') == ip('127.0.0.1')", 'true'],
    [
      "ip('nope')",
      '! IP Address "nope" parse error during conversion from string: ParseAddr("nope"): unable to parse IP',
    ],
    ["cidr('192.168.0.0/24').containsIP('192.168.0.7')", 'true'],
    ["cidr('192.168.0.0/24').containsIP(ip('192.168.1.1'))", 'false'],
    ["cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')", 'true'],
    ["string(cidr('192.168.0.7/24').masked())", '"192.168.0.0/24"'],
    ["cidr('192.168.0.7/24').prefixLength()", '24'],
    ["isCIDR('192.168.0.0/33')", 'false'],
  ],
  quantities: [
    ["quantity('1Gi').isGreaterThan(quantity('1G'))", 'true'],
    ["quantity('200M').compareTo(quantity('0.2G'))", '0'],
    ["quantity('50k').add(20).asInteger()", '50020'],
    ["quantity('50k').sub(quantity('1k')) == quantity('49000')", 'true'],
    ["quantity('1.5').isInteger()", 'false'],
    ["quantity('1.5').asInteger()", '! cannot convert value to integer'],
    ["quantity('500m').asApproximateFloat()", '0.5'],
    ["quantity('-5').sign()", '-1'],
    ["isQuantity('1.3Gii')", 'false'],
    ["quantity('x')", "! quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"],
  ],
  versions: [
    ["semver('1.2.3').minor()", '2'],
    ["semver('1.2.3-rc.1').isLessThan(semver('1.2.3'))", 'true'],
    ["semver('1.10.0').compareTo(semver('1.9.0'))", '1'],
    ["isSemver('v1.0')", 'false'],
    ["isSemver('v1.0', true)", 'true'],
    ["semver('01.2', true) == semver('1.2.0')", 'true'],
  ],
  formats: [
    ["format.dns1123Label().validate('my-name').hasValue()", 'false'],
    ["format.dns1123Label().validate('My').value()", JSON.stringify([label])],
    ["format.named('dns1123Label').value().validate('ok').hasValue()", 'false'],
    ["format.named('none').hasValue()", 'false'],
    ["format.uuid().validate('x').value()", '["does not match the UUID format"]'],
    ["format.date().validate('2024-02-30').hasValue()", 'true'],
    ["format.labelValue().validate('').hasValue()", 'false'],
    ["format.dns1123LabelPrefix().validate('a-').hasValue()", 'false'],
  ],
};

describe('functions', () => {
  for (const [what, table] of Object.entries(tables))
    describe(`of ${what}`, () => {
      for (const [expression, answer] of table) it(expression, () => assert.equal(said(expression), answer));
    });
});
