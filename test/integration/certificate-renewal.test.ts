/** Certificates that run out while everything runs: renewed in their files, shown by servers, used by clients. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import tls, { type TLSSocket } from 'node:tls';
import { type CallerCertificate, readCallerCertificate } from '../../base/caller-certificate.ts';
import { issueCertificate } from '../../base/certificates.ts';
import { type HttpsServer, startHttpsServer } from '../../base/https-server.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger as logger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { startCertificateRenewal } from '../../cluster/certificate-renewal.ts';
import { type ClusterCertificates, ensureCertificates } from '../../cluster/certificates.ts';
import { eventually } from '../support/eventually.ts';

const minuteMs = 60_000;

describe('certificates that run out', () => {
  let folder: string;
  let clock: FakeClock;
  let certificates: ClusterCertificates;
  let renewal: Running;
  let server: HttpsServer;
  let client: Client;
  let isBroken = false;
  /** Serial numbers of the client certificates of requests, in their order. */
  const callers: string[] = [];

  /** With the five minutes by which they are backdated a life of fifteen: renewed when five are left. */
  const ensure = () =>
    ensureCertificates({
      folder,
      nodeName: 'n',
      serverNames: [],
      serverAddresses: [],
      validForMs: 10 * minuteMs,
      now: clock.now(),
    });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-renewal-'));
    // TLS asks the real clock: all that is made while this test's time passes must be valid now.
    clock = new FakeClock(Date.now() - 9 * minuteMs);
    certificates = await ensure();
    const renew = () => (isBroken ? Promise.reject(new Error('the disk is full')) : ensure());
    renewal = startCertificateRenewal({ certificates, renew, clock, logger, everyMs: minuteMs });
    server = await startHttpsServer({
      bindAddress: '127.0.0.1',
      port: 0,
      serving: certificates.apiServer,
      clientCertificateAuthority: certificates.authority.certificate,
      logger,
      clock,
      onRequest(request, response) {
        callers.push((request.socket as TLSSocket).getPeerCertificate().serialNumber);
        response.end('{}');
      },
      onUpgrade: (_, socket) => socket.destroy(),
    });
    client = createRestClient(
      {
        servers: [`https://127.0.0.1:${server.port}`],
        certificateAuthority: certificates.authority.certificate,
        clientFiles: certificates.scheduler,
      },
      { userAgent: 'test', logger, clock },
    );
  });
  after(async () => {
    await client.close();
    await server.close(0);
    await renewal.stop();
    await rm(folder, { recursive: true });
  });

  /** Serial number of the server's certificate. */
  async function served(): Promise<string> {
    const socket = tls.connect({ host: '127.0.0.1', port: server.port, ca: certificates.authority.certificate });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  }

  async function caller(): Promise<string> {
    await client.raw('GET', '/');
    return callers.at(-1) ?? '';
  }

  /** The renewal and the server have looked once in each of them. */
  async function pass(minutes: number): Promise<void> {
    for (let passed = 0; passed < minutes; passed += 1) {
      await clock.advance(minuteMs);
      await eventually('both wait again', () => clock.sleeping === 2);
    }
  }

  it('are renewed in the last third of their life, and used without a restart', async () => {
    const before = [await served(), await caller()];
    await pass(4);
    assert.deepEqual([await served(), await caller()], before);
    await pass(3);
    assert.notEqual(await served(), before[0]);
    assert.notEqual(await caller(), before[1]);
  });

  it('are renewed later when they cannot be now', async () => {
    const before = await served();
    isBroken = true;
    await pass(4);
    assert.equal(await served(), before);
    isBroken = false;
    await pass(2);
    assert.notEqual(await served(), before);
  });

  it('are believed on a connection that is open no longer than they are good', async () => {
    const { authority } = certificates;
    const agentFor = async (validForMs: number) => {
      const pair = await issueCertificate(authority, { commonName: 'short', usages: ['client'], validForMs });
      const tlsOptions = { ca: authority.certificate, cert: pair.certificate, key: pair.key };
      return new https.Agent({ ...tlsOptions, keepAlive: true, maxSockets: 1 });
    };
    const seen: CallerCertificate[] = [];
    const own = await startHttpsServer({
      bindAddress: '127.0.0.1',
      port: 0,
      serving: certificates.apiServer,
      clientCertificateAuthority: authority.certificate,
      logger,
      onRequest(request, response) {
        seen.push(readCallerCertificate(request.socket));
        response.end();
      },
      onUpgrade: (_, socket) => socket.destroy(),
    });
    const agents: https.Agent[] = [];
    try {
      const ask = async () => {
        const request = https.get({ host: '127.0.0.1', port: own.port, agent: agents[0] });
        const [response] = (await once(request, 'response')) as [IncomingMessage];
        response.resume();
        await once(response, 'end');
        return { reused: request.reusedSocket, caller: seen.at(-1) };
      };
      // On a busy machine it may have run out before it was shown.
      for (let seconds = 3; typeof seen.at(-1) !== 'object'; seconds *= 2) {
        agents.unshift(await agentFor(seconds * 1000));
        await ask();
      }
      const later = await eventually('it is refused', async () => {
        const asked = await ask();
        return asked.caller === 'refused' && asked;
      });
      assert.equal(later.reused, true);
    } finally {
      for (const agent of agents) agent.destroy();
      await own.close(0);
    }
  });
});
