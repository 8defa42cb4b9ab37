/** kubecfg against what means harm: objects and answers with control characters, and names that are paths. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { configMaps, events } from '../../api/resources/core.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const hostile = 'x\x1b]0;owned\x07\x1b[2J\r\x9b31m';
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

describe('kubecfg and what means harm', () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
    await server.client.create(configMaps, {
      metadata: { name: 'one', namespace, annotations: { note: hostile } },
      data: { text: hostile },
    });
    const involvedObject = { kind: 'ConfigMap', name: 'one', namespace, apiVersion: 'v1' };
    await server.client.create(events, {
      metadata: { name: 'one.1', namespace },
      involvedObject,
      message: hostile,
      reason: hostile,
      type: 'Normal',
    });
  });
  after(async () => {
    await kubecfg.close();
    await server.stop();
  });

  for (const line of [
    ...['describe cm one', 'events', 'get events', 'get cm one -o yaml', 'annotate cm one --list', 'why cm/one'],
    ...[
      'get cm one -o name',
      'get cm one --show-labels',
      'get all,cm',
      `get cm ${hostile}`,
      `${hostile}`,
      `get ${hostile}`,
    ],
  ]) {
    it(`"${JSON.stringify(line)}" writes no control character`, async () => {
      const { out, errors } = await kubecfg.run(line.split(' '));
      assert.doesNotMatch(out + errors, controls);
      assert.notEqual(out + errors, '');
    });
  }

  it('a program that asks for a value gets it as it is; a terminal does not', async () => {
    const line = 'get cm one -o jsonpath={.data.text}';
    assert.equal(await kubecfg.must(line), hostile);
    const { out } = await kubecfg.run(line, { isTTY: true });
    assert.equal(out, 'x^[]0;owned^G^[[2J\\r\\x9b31m');
  });

  for (const [line, says] of [
    ['get cm ..', /invalid resource name "\.\.": \[may not be '\.\.'\]/],
    ['get cm/.', /invalid resource name "\.": \[may not be '\.'\]/],
    ['delete cm ..', /invalid resource name "\.\."/],
    ['get cm a%2e', /invalid resource name "a%2e": \[may not contain '%'\]/],
    ['get cm one -n ..', /may not be '\.\.'/],
    ['get cm one -n a/b', /may not contain '\/'/],
    ['logs ..', /invalid resource name "\.\."/],
  ] as const) {
    it(`"${line}" asks for no other path`, async () => {
      const { code, errors } = await kubecfg.run(line);
      assert.equal(code, 1);
      assert.match(errors, says);
    });
  }

  it('what a server answers that is none is said without its control characters', async () => {
    const answers = createServer((_, response) => {
      response.writeHead(500, { warning: '299 - "bad"', 'content-type': 'text/plain' });
      response.end(hostile);
    });
    await new Promise<void>((resolve) => answers.listen(0, '127.0.0.1', resolve));
    const { port } = answers.address() as AddressInfo;
    try {
      const { code, out, errors } = await kubecfg.run(['-h', `http://127.0.0.1:${port}`, 'get', 'pods']);
      assert.equal(code, 1);
      assert.doesNotMatch(out + errors, controls);
    } finally {
      answers.close();
    }
  });

  it('a server that goes away ends what follows it, with a word and code 1', async () => {
    const leaving = await startTestApiServer();
    const follower = await TestKubecfg.open(leaving.connection);
    try {
      await leaving.client.create(configMaps, { metadata: { name: 'one', namespace } });
      await follower.must('create deployment web --image=app:1');
      let seen = '';
      const onOutput = (out: string) => {
        seen = out;
      };
      const lines = [
        'get cm -w -o name',
        'events -w',
        'rollout status deploy/web',
        'wait cm/one --for=delete --timeout=1h',
      ];
      const watching = follower.run('get cm -w', { onOutput });
      const following = lines.map((line) => follower.run(line));
      await eventually('it watches', () => seen.includes('one'));
      await leaving.stop();
      for (const { code, errors } of await Promise.all([watching, ...following])) {
        assert.equal(code, 1);
        assert.match(errors, /out of reach|closed|lost|reset/);
      }
    } finally {
      await follower.close();
    }
  });
});
