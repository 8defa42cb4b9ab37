import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type SelectableDevice, selectsDevice } from './device-selector.ts';

const device: SelectableDevice = {
  attributes: {
    model: { string: 'A100' },
    index: { int: 3 },
    healthy: { bool: true },
    'dra.example.com/driverVersion': { version: '12.4.1-rc.1' },
    'dra.example.com/links': { strings: ['a', 'b'] },
  },
  capacity: { memory: { value: '40Gi' } },
};
const gpu = 'device.attributes["gpu.example.com"]';

const say = (expression: string): string => {
  try {
    return String(selectsDevice(expression, { ...device }, 'gpu.example.com'));
  } catch (error) {
    return error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'no error';
  }
};

describe('selectors of devices', () => {
  const table: readonly [expression: string, answer: string][] = [
    ['device.driver == "gpu.example.com"', 'true'],
    [`${gpu}.model == "A100"`, 'true'],
    [`${gpu}["model"].matches("^A[0-9]+$")`, 'true'],
    [`${gpu}.index + 1 == 4 && ${gpu}.index < 4`, 'true'],
    [`${gpu}.healthy ? true : false`, 'true'],
    [`has(${gpu}.missing)`, 'false'],
    ['has(device.attributes["other.example.com"].any)', 'false'],
    [`${gpu}.missing == "x"`, 'no such key: missing'],
    [`${gpu}.missing == "x" || true`, 'true'],
    [`${gpu}.missing == "x" && false`, 'false'],
    [`${gpu}.?missing.orValue("x") == "x"`, 'true'],
    ['cel.bind(g, device.attributes["gpu.example.com"], g.model.lowerAscii().startsWith("a1"))', 'true'],
    ['device.capacity["gpu.example.com"].memory.compareTo(quantity("40960Mi")) == 0', 'true'],
    ['device.capacity["gpu.example.com"].memory.isGreaterThan(quantity("1Ti"))', 'false'],
    ['device.capacity["gpu.example.com"].memory == quantity("40Gi")', 'true'],
    ['device.attributes["dra.example.com"].driverVersion.isLessThan(semver("12.4.1"))', 'true'],
    ['device.attributes["dra.example.com"].driverVersion.major() == 12', 'true'],
    ['"b" in device.attributes["dra.example.com"].links', 'true'],
    ['device.attributes["dra.example.com"].links.exists(x, x == "a")', 'true'],
    ['[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6]', 'true'],
    ['device.allowMultipleAllocations', 'false'],
    ['device.driver', 'result type must be bool or the unknown type, not string'],
    ['1 + "a" == 2', "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'"],
    ['"a".unknown()', "ERROR: <input>:1:12: undeclared reference to 'unknown' (in container '')"],
    ['9223372036854775807 + 1 > 0', 'integer overflow'],
    ['constructor(1)', "ERROR: <input>:1:12: undeclared reference to 'constructor' (in container '')"],
    [
      'quantity("x") == quantity("1")',
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
  ];
  for (const [expression, answer] of table) it(expression, () => assert.equal(say(expression), answer));

  const ten = '[0,1,2,3,4,5,6,7,8,9]';
  const hostile: readonly [what: string, expression: string][] = [
    [
      'loops in loops',
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].reduceRight((body, name) => `${ten}.all(${name}, ${body})`, 'true'),
    ],
    [
      'a text that doubles',
      `cel.bind(x0, "aaaaaaaaaaaaaaaa", ${Array.from({ length: 40 }).reduceRight<string>((body, _, i) => `cel.bind(x${i + 1}, x${i} + x${i}, ${body})`, 'true')})`,
    ],
    ['a pattern that goes back', `"${'a'.repeat(2000)}".matches("(a+)+$(a+)+$")`],
    [
      'failures that are swallowed',
      ['a', 'b', 'c', 'd', 'e', 'f'].reduceRight(
        (body, name) => `${ten}.exists(${name}, ${body})`,
        'device.attributes["a.example"].x == 1',
      ),
    ],
  ];
  for (const [what, expression] of hostile) {
    it(`${what} end soon`, () => {
      const answer = say(expression);
      assert.ok(/cost limit|exceeded|true|false|maxDepth/i.test(answer), answer);
    });
  }
});
