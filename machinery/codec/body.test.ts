import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { type BodyFormat, bodyFormatOf, decodeBody } from './body.ts';

const configMap = { group: '', version: 'v1', kind: 'ConfigMap' };
const deployment = { group: 'apps', version: 'v1', kind: 'Deployment' };
const unrecognized = 'the object provided is unrecognized (must be of type ConfigMap): ';
const parse = `${unrecognized}couldn't get version/kind; json parse error: `;

describe('decodeBody', () => {
  const bad: [BodyFormat, string, string][] = [
    ['json', '', `${parse}unexpected end of JSON input (<empty>)`],
    ['json', ' ', `${parse}unexpected end of JSON input (20)`],
    ['json', '{', `${parse}unexpected end of JSON input ({)`],
    [
      'json',
      '[]',
      `${parse}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    [
      'json',
      '{"metadata":{"name":"n5"} /* c */}',
      `${parse}invalid character '/' after object key:value pair ({"metadata":{"name":"n5"} /* c ...)`,
    ],
    [
      'json',
      '{"apiVersion":5}',
      `${parse}json: cannot unmarshal number into Go struct field .apiVersion of type string ({"apiVersion":5})`,
    ],
    [
      'json',
      '{"kind":{}}',
      `${parse}json: cannot unmarshal object into Go struct field .kind of type string ({"kind":{}})`,
    ],
    ['json', '{"apiVersion":"a/b/c"}', `${unrecognized}unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})`],
    [
      'json',
      '{"apiVersion":"v2","kind":"ConfigMap"}',
      'ConfigMap in version "v2" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'json',
      '{"apiVersion":"apps/v1","kind":"ConfigMap"}',
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: no kind "ConfigMap" is registered for version "apps/v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'json',
      '{"apiVersion":"v1","kind":"Pod"}',
      'Pod in version "v1" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown conversion',
    ],
    [
      'json',
      '{"apiVersion":"v1","kind":"DeleteOptions"}',
      'DeleteOptions in version "v1" cannot be handled as a ConfigMap: converting (v1.DeleteOptions) to (core.ConfigMap): unknown conversion',
    ],
    [
      'yaml',
      'just text\n',
      `${parse}json: cannot unmarshal string into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (6a75737420746578740a)`,
    ],
    ['yaml', 'a: .nan\n', `${unrecognized}json: unsupported value: NaN (613a202e6e616e0a)`],
    [
      'protobuf',
      '{}',
      `${unrecognized}provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})`,
    ],
  ];
  for (const [format, text, message] of bad) {
    it(`refuses ${format} ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => decodeBody(Buffer.from(text), format, configMap),
        (error) => error instanceof StatusError && error.code === 400 && error.message === message,
      );
    });
  }

  it('fills in version and kind', () => {
    for (const text of ['null', '{}', '{"apiVersion":""}', '{"kind":"Deployment"}', '{"apiVersion":"apps/v1"}']) {
      assert.deepEqual(decodeBody(Buffer.from(text), 'json', deployment).object, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
      });
    }
    assert.deepEqual(decodeBody(Buffer.from(''), 'yaml', configMap).object, { apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('names another version of the same kind', () => {
    const expected = { group: 'autoscaling', version: 'v2', kind: 'HorizontalPodAutoscaler' };
    assert.throws(
      () =>
        decodeBody(Buffer.from('{"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler"}'), 'json', expected),
      {
        message:
          'the API version in the data (autoscaling/v1) does not match the expected API version (autoscaling/v2)',
      },
    );
  });

  describe('of a custom resource', () => {
    const expected = { group: 'example.com', version: 'v1', kind: 'Widget' };
    const decodeCustom = (text: string, format: BodyFormat = 'json') =>
      decodeBody(Buffer.from(text), format, expected, { isCustom: true });

    it('fills nothing in', () => {
      const missing = "the object provided is unrecognized (must be of type Widget): Object 'Kind' is missing in";
      const text = '{"apiVersion":"example.com/v1"}';
      assert.throws(() => decodeCustom('{}'), { message: `${missing} '{}' ({})` });
      assert.throws(() => decodeCustom(text), { message: `${missing} '${text}' (${text.slice(0, 30)} ...)` });
      assert.throws(() => decodeCustom('a: 1', 'yaml'), { message: `${missing} '{"a":1}' (613a2031)` });
      assert.throws(() => decodeCustom('{"kind":"Widget"}'), {
        message: 'the API version in the data () does not match the expected API version (example.com/v1)',
      });
    });

    it('leaves another kind to validation', () => {
      const { object } = decodeCustom('{"apiVersion":"example.com/v1","kind":"Other"}');
      assert.equal(object.kind, 'Other');
    });
  });

  it('tells where keys stand in JSON that has some twice', () => {
    const { object, places, strictErrors } = decodeBody(Buffer.from('{"data":{"a":"1","a":"2"}}'), 'json', configMap);
    assert.deepEqual(strictErrors, []);
    assert.deepEqual(places?.repeatedIn(object.data as object), [{ key: 'a', offset: 17 }]);
    assert.equal(decodeBody(Buffer.from('{"data":{"a":"1"}}'), 'json', configMap).places, undefined);
  });

  it('tells duplicates of YAML as errors and as warnings', () => {
    const yaml = decodeBody(Buffer.from('data:\n  a: x\n  a: z\n'), 'yaml', configMap);
    assert.deepEqual(yaml.strictErrors, ['yaml: unmarshal errors:\n  line 3: key "a" already set in map']);
    assert.deepEqual(yaml.warnings, ['line 3: key "a" already set in map']);
  });

  it('reads invalid UTF-8 as replacement characters', () => {
    const bytes = Buffer.concat([Buffer.from('{"data":{"a":"'), Buffer.from([0xff, 0x41]), Buffer.from('"}}')]);
    assert.deepEqual(decodeBody(bytes, 'json', configMap).object.data, { a: '\ufffdA' });
  });
});

describe('bodyFormatOf', () => {
  const good: [string | undefined, BodyFormat][] = [
    [undefined, 'json'],
    ['', 'json'],
    ['application/json', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['application/json; x=y', 'json'],
    ['application/yaml', 'yaml'],
    ['application/vnd.kubernetes.protobuf', 'protobuf'],
  ];
  for (const [type, format] of good) it(`takes ${type}`, () => assert.equal(bodyFormatOf(type), format));
  for (const type of [
    'text/plain',
    'json',
    ';',
    'application/*',
    'application/json;bad',
    'application/cbor',
    'application/merge-patch+json',
  ]) {
    it(`refuses ${type}`, () =>
      assert.throws(
        () => bodyFormatOf(type),
        (error) => error instanceof StatusError && error.code === 415,
      ));
  }
});
