import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileTemplate } from './template.ts';

const data = {
  metadata: { name: 'web', labels: { tier: 'front', app: 'x' } },
  items: [
    { metadata: { name: 'a' }, ports: [80, 443], ready: true },
    { metadata: { name: 'b' }, ports: [], ready: false },
  ],
  replicas: 3,
};

describe('compileTemplate', () => {
  const cases: [template: string, text: string][] = [
    ['plain', 'plain'],
    ['{{.metadata.name}}', 'web'],
    ['{{ .missing.deeper }}', '<no value>'],
    ['{{.metadata.labels}}', 'map[app:x tier:front]'],
    ['{{range .items}}{{.metadata.name}} {{end}}', 'a b '],
    ['{{range .items}}{{if .ports}}{{.ports}}{{else}}none{{end}};{{end}}', '[80 443];none;'],
    ['{{range .missing}}x{{else}}empty{{end}}', 'empty'],
    ['{{range $i, $item := .items}}{{$i}}={{$item.metadata.name}},{{end}}', '0=a,1=b,'],
    ['{{range $key, $value := .metadata.labels}}{{$key}}:{{$value}} {{end}}', 'app:x tier:front '],
    ['{{range .items}}{{$.replicas}}{{end}}', '33'],
    ['{{with .metadata}}{{.name}}{{end}}{{with .missing}}x{{else}}y{{end}}', 'weby'],
    ['{{if eq .replicas 3}}three{{else if eq .replicas 4}}four{{end}}', 'three'],
    ['{{if and .replicas (not .missing)}}yes{{end}}', 'yes'],
    ['{{if or .missing (gt .replicas 5)}}yes{{else}}no{{end}}', 'no'],
    ['{{len .items}} {{index .items 1 "metadata" "name"}}', '2 b'],
    ['{{.metadata.name | printf "%-5s|%5d|%q" "x" 7}}', 'x    |    7|"web"'],
    ['{{$n := .metadata.name}}{{$n}}{{$n = "db"}}{{$n}}', 'webdb'],
    ['{{"\\n"}}{{`raw`}}{{println "a" 1}}', '\nrawa 1\n'],
    ['a {{- " b " -}} c', 'a b c'],
    ['x{{/* a comment */}}y', 'xy'],
    ['{{"}}"}}', '}}'],
    ['{{html "<a>"}}', '&lt;a&gt;'],
  ];
  for (const [template, text] of cases) {
    it(`renders ${template}`, () => assert.equal(compileTemplate(template)(data), text));
  }

  const mistakes: [template: string, message: RegExp][] = [
    ['{{.a', /unclosed action/],
    ['{{range .items}}', /without \{\{end\}\}/],
    ['{{end}}', /unexpected \{\{end\}\}/],
    ['{{template "x"}}', /not supported/],
    ['{{frobnicate .}}', /function "frobnicate" not defined/],
    ['{{.replicas.x}}', /can't evaluate field x/],
    ['{{$x}}', /undefined variable \$x/],
    ['{{index .items 9}}', /out of range/],
    ['{{}}', /missing value/],
    ['{{. | .}}', /only functions/],
  ];
  for (const [template, message] of mistakes) {
    it(`refuses ${template}`, () => assert.throws(() => compileTemplate(template)(data), message));
  }

  it('does not reach what an object inherits', () => {
    assert.equal(compileTemplate('{{.constructor}}{{index . "__proto__"}}')({}), '<no value><no value>');
  });
});
