/** Who loses a right, or the reason of a token, does not keep what was opened with it; everybody else does. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import WebSocket from 'ws';
import { isRecord } from '../../api/json-record.ts';
import { configMaps, serviceAccounts } from '../../api/resources/core.ts';
import { clusterRoleBindings, clusterRoles, roleBindings, roles } from '../../api/resources/rbac.ts';
import type { TokenRequest } from '../../api/types/authentication/v1.ts';
import type { Connection } from '../../client/connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const apiGroup = 'rbac.authorization.k8s.io';
const path = `/api/v1/namespaces/${namespace}/configmaps?watch=true`;

/** What a client sees of its watch. */
interface OpenWatch {
  readonly lines: string;
  readonly isOver: boolean;
  close(): void;
}

describe('streams that are open', () => {
  let server: TestApiServer;
  const watches: OpenWatch[] = [];

  /** Open, and the first object has come. */
  async function openWatch({ servers, ...tls }: Connection, headers: Record<string, string> = {}): Promise<OpenWatch> {
    const [ca, cert, key] = [tls.certificateAuthority, tls.clientCertificate, tls.clientKey];
    const request = https.get(`${servers[0]}${path}`, { ca, cert, key, headers, agent: false });
    let [lines, isOver] = ['', false];
    request.on('response', (response) => {
      response.setEncoding('utf8').on('data', (text: string) => {
        lines += text;
      });
      response.on('close', () => {
        isOver = true;
      });
    });
    request.on('error', () => {});
    const watch = {
      get lines() {
        return lines;
      },
      get isOver() {
        return isOver;
      },
      close: () => request.destroy(),
    };
    watches.push(watch);
    await eventually('the watch has begun', () => lines.includes('ADDED'));
    return watch;
  }

  async function openWebSocket(token: string): Promise<OpenWatch> {
    const bearing = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`;
    const socket = new WebSocket(`${server.url}${path}`, ['binary.k8s.io', bearing], {
      ca: server.authority.certificate,
    });
    let lines = '';
    socket.on('message', (frame) => {
      lines += String(frame);
    });
    await once(socket, 'open');
    const watch = {
      get lines() {
        return lines;
      },
      get isOver() {
        return socket.readyState !== socket.OPEN;
      },
      close: () => socket.terminate(),
    };
    watches.push(watch);
    await eventually('the watch has begun', () => lines.includes('ADDED'));
    return watch;
  }

  const subject = (name: string) => ({ apiGroup, kind: 'User', name });
  const grant = (name: string, role: string, subjects: object[]) =>
    server.client.create(roleBindings, {
      metadata: { name, namespace },
      roleRef: { apiGroup, kind: 'Role', name: role },
      subjects: subjects.map((one) => ({ kind: '', name: '', ...one })),
    });
  const watcher = (name: string, verbs = ['list', 'watch']) =>
    server.client.create(roles, {
      metadata: { name, namespace },
      rules: [{ verbs, apiGroups: [''], resources: ['configmaps'] }],
    });

  const tokenOf = async (name: string): Promise<string> => {
    const key = { namespace, name };
    await server.client.create(serviceAccounts, { metadata: key });
    const body: TokenRequest = { spec: { audiences: [] } };
    const answer = await server.client.createSubresource(serviceAccounts, key, 'token', body);
    return isRecord(answer) && isRecord(answer.status) ? String(answer.status.token) : '';
  };

  const allowed = (name: string, verb = 'watch') =>
    eventually(`${name} may ${verb}`, async () => {
      const resourceAttributes = { namespace, verb, resource: 'configmaps' };
      const body = { spec: { user: name, resourceAttributes } };
      const { text } = await server.client.raw('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { body });
      return JSON.parse(text).status.allowed === true;
    });

  before(async () => {
    server = await startTestApiServer();
    await server.client.create(configMaps, { metadata: { name: 'first', namespace } });
    await watcher('watcher');
    await watcher('changing');
    await grant('ann', 'watcher', [subject('ann')]);
    await grant('others', 'watcher', [
      subject('ben'),
      ...['gone', 'stays'].map((name) => ({ kind: 'ServiceAccount', name, namespace })),
    ]);
    await grant('cas', 'changing', [subject('cas')]);
    await server.client.create(clusterRoles, {
      metadata: { name: 'actor' },
      rules: [{ verbs: ['impersonate'], apiGroups: [''], resources: ['users'], resourceNames: ['ben'] }],
    });
    await server.client.create(clusterRoleBindings, {
      metadata: { name: 'dan' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'actor' },
      subjects: [subject('dan')],
    });
    for (const name of ['ann', 'ben', 'cas']) await allowed(name);
  });
  after(async () => {
    for (const watch of watches) watch.close();
    await server.stop();
  });

  it('end with the rights they were opened by, or the token; others go on', async () => {
    const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
    const { clientCertificate: _, clientKey: __, ...nobody } = server.connection;
    const tokens = { gone: await tokenOf('gone'), stays: await tokenOf('stays') };
    const ending = {
      'its binding is deleted': await openWatch(await server.connectAs('ann')),
      'its role allows less': await openWatch(await server.connectAs('cas')),
      'its sender may not act as another any more': await openWatch(await server.connectAs('dan'), {
        'impersonate-user': 'ben',
      }),
      'the account of its token is gone': await openWatch(nobody, bearer(tokens.gone)),
    };
    const staying = {
      'by another binding of the same role': await openWatch(await server.connectAs('ben')),
      'by a master': await openWatch(server.connection),
      'by the token of an account': await openWatch(nobody, bearer(tokens.stays)),
      'by a token in the name of a protocol': await openWebSocket(tokens.stays),
    };
    await server.client.delete(roleBindings, { name: 'ann', namespace });
    const role = await server.client.get(roles, { name: 'changing', namespace });
    await server.client.update(roles, { ...role, rules: [{ ...role.rules?.[0], verbs: ['list'] }] });
    await server.client.delete(clusterRoleBindings, { name: 'dan' });
    await server.client.delete(serviceAccounts, { name: 'gone', namespace });
    for (const [why, watch] of Object.entries(ending)) await eventually(`over: ${why}`, () => watch.isOver);
    await server.client.create(configMaps, { metadata: { name: 'after', namespace } });
    for (const [who, watch] of Object.entries(staying)) {
      await eventually(`goes on: ${who}`, () => watch.lines.includes('"after"'));
      assert.equal(watch.isOver, false, who);
    }
    for (const watch of Object.values(ending)) assert.ok(!watch.lines.includes('"after"'));
  });
});
