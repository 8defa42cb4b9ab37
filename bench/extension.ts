/**
 * What extensions of the API cost: writes of custom resources beside those of pods, hundreds of definitions beside none,
 * a webhook beside the round trip to it. API server and etcd are processes of their own.
 */

import { AdmissionWebhook } from '../test/support/admission-webhook.ts';
import { eventually } from '../test/support/eventually.ts';
import { ApiLab, podName, podOf, podsPath, refuseFailures } from './api-lab.ts';
import {
  definitionCount,
  definitionsPath,
  providerDefinition,
  widgetDefinition,
  widgetName,
  widgetOf,
  widgetsPath,
} from './definitions.ts';
import { LoadConnection, type LoadRequest, runLoad } from './load.ts';
import { residentMegabytes } from './process-usage.ts';
import { formatCount, formatMs, limitRow, printReport, type Row } from './report.ts';
import { type Cost, costsOf, median } from './request-slices.ts';

export async function run(): Promise<void> {
  const lab = await ApiLab.start();
  try {
    const rows = [...(await measureWrites(lab)), ...(await measureWebhook(lab)), ...(await measureDefinitions(lab))];
    printReport('Extensions of the API', rows);
  } finally {
    await lab.stop();
  }
}

const post = (path: string, object: object): LoadRequest => ({ method: 'POST', path, body: JSON.stringify(object) });

const mergePatch = (path: string, body: object): LoadRequest => ({
  ...{ method: 'PATCH', path, body: JSON.stringify(body) },
  contentType: 'application/merge-patch+json',
});

const slices = { requestsPerSlice: 400, warmUpRounds: 4, rounds: 12 };

async function measureWrites(lab: ApiLab): Promise<Row[]> {
  await send(lab, post(definitionsPath, widgetDefinition));
  await eventually(
    'widgets are served',
    async () => (await lab.send({ method: 'GET', path: widgetsPath })).code === 200,
  );
  const { connection } = lab;
  const { pid } = lab.server;
  const [pods, widgets] = await costsOf(
    [
      { name: 'CREATE pods', pid, connection, next: (n) => post(podsPath, podOf(n)) },
      { name: 'CREATE custom resources', pid, connection, next: (n) => post(widgetsPath, widgetOf(n)) },
    ],
    slices,
  );
  // Each slice has written more than one patches: all that are patched are there.
  const [podPatches, widgetPatches] = await costsOf(
    [
      {
        ...{ name: 'PATCH pods', pid, connection },
        next: (n) =>
          mergePatch(`${podsPath}/${podName(n % 1_000)}`, { metadata: { annotations: { seen: String(n) } } }),
      },
      {
        ...{ name: 'PATCH custom resources', pid, connection },
        next: (n) => mergePatch(`${widgetsPath}/${widgetName(n % 1_000)}`, { spec: { field6: `seen-${n}` } }),
      },
    ],
    slices,
  );
  return [writesRow(widgets, pods), writesRow(widgetPatches, podPatches)];
}

const leastShare = 0.6;

function writesRow(ours: Cost | undefined, pods: Cost | undefined): Row {
  if (ours === undefined || pods === undefined) throw new Error('Nothing was measured');
  const share = ours.perSecond / pods.perSecond;
  const figure = ({ perSecond, microseconds }: Cost) =>
    `${formatCount(perSecond)}/s, ${microseconds.toFixed(0)} µs of computing`;
  return {
    name: `${ours.name}, 100 properties and 3 rules`,
    figure: figure(ours),
    beside: `${share.toFixed(2)} × ${pods.name} (${figure(pods)}, to be ${leastShare.toFixed(2)} ×)`,
    isReached: share >= leastShare,
  };
}

const roundsOfWebhook = 300;

/** One write after the other, in turn with one that no webhook sees, and with the webhook asked directly. */
async function measureWebhook(lab: ApiLab): Promise<Row[]> {
  const webhook = await AdmissionWebhook.start();
  try {
    webhook.on('/allow', () => ({ allowed: true }));
    await send(
      lab,
      post('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', configurationOf(webhook)),
    );
    const [ours, direct] = await Promise.all([LoadConnection.open(lab.connection), openDirect(webhook)]);
    const create = (labels: object) =>
      ours.send(post(`${configMapsPath}?dryRun=All`, { ...configMap, metadata: { name: 'asked', labels } }));
    await eventually('the webhook is asked', async () => {
      await create(asked);
      return webhook.reviews.length > 0;
    });
    const review = JSON.stringify({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: webhook.reviews[0]?.request,
    });
    const times: Record<'with' | 'without' | 'direct', number[]> = { with: [], without: [], direct: [] };
    for (let round = -50; round < roundsOfWebhook; round += 1) {
      const withMs = await timed(() => create(asked));
      const withoutMs = await timed(() => create({}));
      const directMs = await timed(() => direct.send({ method: 'POST', path: '/allow', body: review }));
      if (round < 0) continue;
      times.with.push(withMs);
      times.without.push(withoutMs);
      times.direct.push(directMs);
    }
    ours.close();
    direct.close();
    const added = median(times.with) - median(times.without) - median(times.direct);
    const row = limitRow('a webhook, beyond its own round trip', added, 1, 'ms');
    const parts = `${formatMs(median(times.with))} with it, ${formatMs(median(times.without))} without, ${formatMs(median(times.direct))} its own`;
    return [{ ...row, beside: `${row.beside} (${parts})` }];
  } finally {
    await webhook.stop();
  }
}

const configMapsPath = '/api/v1/namespaces/default/configmaps';
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' } };
const asked = { asked: 'yes' };

const openDirect = ({ url, caBundle }: AdmissionWebhook): Promise<LoadConnection> =>
  LoadConnection.open({ servers: [url], certificateAuthority: Buffer.from(caBundle, 'base64').toString() });

const configurationOf = ({ url, caBundle }: AdmissionWebhook): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'bench' },
  webhooks: [
    {
      ...{ name: 'allow.bench.example.com', clientConfig: { url: `${url}/allow`, caBundle } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      ...{ objectSelector: { matchLabels: asked }, sideEffects: 'None', admissionReviewVersions: ['v1'] },
    },
  ],
});

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

async function measureDefinitions(lab: ApiLab): Promise<Row[]> {
  await restart(lab, () => Promise.resolve());
  const none = await residentMegabytes(lab.server.pid);
  const installed = await runLoad(lab.connection, {
    connections: 8,
    requests: definitionCount,
    next: (n) => post(definitionsPath, providerDefinition(n)),
  });
  refuseFailures(installed);
  await lastIsServed(lab);
  const grown = await residentMegabytes(lab.server.pid);
  const startMs = await restart(lab, () => lastIsServed(lab));
  const started = await residentMegabytes(lab.server.pid);
  const discovery = { method: 'GET', path: '/apis', accept: aggregated };
  const connection = await LoadConnection.open(lab.connection);
  await connection.send(discovery);
  const times: number[] = [];
  for (let round = 0; round < 50; round += 1) times.push(await timed(() => connection.send(discovery)));
  const swagger = await waitedFor(lab, () => connection.send({ method: 'GET', path: '/openapi/v2' }));
  connection.close();
  const count = `${definitionCount} definitions`;
  return [
    { name: `${count}, installed 8 at a time`, figure: `${formatCount(installed.perSecond)}/s` },
    limitRow(`start with ${count} → ready and serving the last`, startMs, 5_000, 'ms'),
    limitRow(`discovery of ${count}, from cache`, median(times), 50, 'ms'),
    limitRow(`memory for ${count}, after they were installed`, grown - none, 250, 'MB'),
    limitRow(`memory for ${count}, after that start`, started - none, 250, 'MB'),
    {
      name: `/openapi/v2 with ${count}, for the first time`,
      figure: formatMs(swagger.ms),
      beside: `another request waits ${formatMs(swagger.longestMs)} meanwhile`,
    },
  ];
}

/** In milliseconds, until the server says that it is ready and `isThere` is done. */
async function restart(lab: ApiLab, isThere: () => Promise<void>): Promise<number> {
  await lab.server.kill('SIGTERM');
  const begin = performance.now();
  await lab.server.start();
  await lab.ready();
  await isThere();
  return performance.now() - begin;
}

/** How long `work` takes, and how long a small request waits at most while it goes on. */
async function waitedFor(lab: ApiLab, work: () => Promise<unknown>): Promise<{ ms: number; longestMs: number }> {
  const small = await LoadConnection.open(lab.connection);
  const state = { isOver: false, longestMs: 0 };
  const asking = (async () => {
    while (!state.isOver) {
      const ms = await timed(() => small.send({ method: 'GET', path: '/version' }));
      state.longestMs = Math.max(state.longestMs, ms);
    }
  })();
  const ms = await timed(work);
  state.isOver = true;
  await asking;
  small.close();
  return { ms, longestMs: state.longestMs };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function lastIsServed(lab: ApiLab): Promise<void> {
  const last = definitionCount - 1;
  const path = `/apis/group${Math.floor(last / 10)}.provider.example.com/v1/resource${last}s?limit=1`;
  await eventually('the last is served', async () => (await lab.send({ method: 'GET', path })).code === 200);
}

async function send(lab: ApiLab, request: LoadRequest): Promise<void> {
  const { code, body } = await lab.send(request);
  if (code >= 300) throw new Error(`${request.method} ${request.path} was answered with ${code}: ${body}`);
}
