import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computed, importsOf, loadersIn, namesUsed } from './imports-of.ts';

describe('importsOf', () => {
  const table: readonly [what: string, text: string, specifiers: readonly string[]][] = [
    ['names', "import { a, type B as C } from './a.ts';", ['./a.ts']],
    ['types', "import type { A } from './a.ts';", ['./a.ts']],
    ['all of it', "import * as a from './a.ts';", ['./a.ts']],
    ['only its effects', "import './a.ts';", ['./a.ts']],
    ['double quotes', 'import { a } from "./a.ts";\nimport "./b.ts";', ['./a.ts', './b.ts']],
    ['over lines', "import {\n  a,\n} from\n  './a.ts';", ['./a.ts']],
    ['not first on its line', "/* so */ import { a } from './a.ts'; import './b.ts';", ['./a.ts', './b.ts']],
    ['with a comment in between', "import { a } from /* here */ './a.ts';", ['./a.ts']],
    ['handed on', "export { a } from './a.ts';\nexport * from './b.ts';", ['./a.ts', './b.ts']],
    ['when it runs', "const a = await import('./a.ts');", ['./a.ts']],
    ['when it runs, by a template', 'await import(`./a.ts`);', ['./a.ts']],
    ['when it runs, over lines', "await import(\n  // that\n  './a.ts',\n);", ['./a.ts']],
    ['by a name that nobody knows', 'await import(name);', [computed]],
    ['inside a template', 'const a = `x $' + "{await import('./a.ts')}`;", ['./a.ts']],
    ['in a type', "type A = import('./a.ts').A;", ['./a.ts']],
    ['by require', "const a = require('a');", ['a']],
    ["Node's own without its prefix", "import { spawn } from 'child_process';", ['node:child_process']],
    ["Node's own, a part", "import { open } from 'fs/promises';", ['node:fs/promises']],
    ["Node's own with it", "import { spawn } from 'node:child_process';", ['node:child_process']],
    ['nothing in comments and texts', "// import './a.ts'\nconst a = \"import './b.ts'\";", []],
    ['nothing by properties', "a.import('b');\nconst from = import.meta.url;\na.require('c');", []],
  ];
  for (const [what, text, specifiers] of table) it(what, () => assert.deepEqual(importsOf(text), specifiers));
});

it('namesUsed tells variables from properties', () => {
  const text = "Buffer.from(a); b.process; ({ process: 1 }); process?.exit(); // process\n'Buffer'";
  assert.deepEqual(namesUsed(text, ['Buffer', 'process']), ['Buffer', 'process']);
});

it('loadersIn notices ways around imports', () => {
  assert.deepEqual(loadersIn("createRequire(import.meta.url)('dockerode')"), ['createRequire']);
  assert.deepEqual(loadersIn("process.getBuiltinModule('node:child_process')"), ['getBuiltinModule']);
  assert.deepEqual(loadersIn("import { a } from './a.ts'; // createRequire"), []);
});
