/**
 * `/healthz`, `/livez`, `/readyz`: checks by name, each asked for alone too, listed with `?verbose`. These paths are open
 * to everybody; why a check fails is told to those who may ask for it by its name.
 */

import type { ApiRequest } from '../request/api-request.ts';
import { sendPageNotFound, sendText } from '../responses/responses.ts';

export const healthEndpoints = ['healthz', 'livez', 'readyz'] as const;
export type HealthEndpoint = (typeof healthEndpoints)[number];

export interface HealthCheck {
  readonly name: string;
  /** What is wrong, or undefined. */
  check(): Promise<string | undefined>;
  /** Only asked for readiness: a server that is not ready is not to be restarted. */
  readonly onlyReadiness?: boolean;
  /** All the same it answers under its own name everywhere. */
  readonly namedEverywhere?: boolean;
}

interface Result {
  readonly name: string;
  /** Without the reason. */
  readonly line: string;
  readonly wrong?: string;
}

export class HealthChecks {
  readonly #checks: readonly HealthCheck[];

  constructor(checks: readonly HealthCheck[]) {
    this.#checks = checks;
  }

  /** The paths of all checks that answer alone. */
  get paths(): string[] {
    return healthEndpoints.flatMap((endpoint) => this.#named(endpoint).map(({ name }) => `/${endpoint}/${name}`));
  }

  /** All checks of an endpoint. */
  async answer(request: ApiRequest, endpoint: HealthEndpoint): Promise<void> {
    const excluded = request.query.getAll('exclude');
    const asked = this.#checks.filter((check) => endpoint === 'readyz' || !check.onlyReadiness);
    const results = await Promise.all(
      asked.map(async (check): Promise<Result> => {
        const { name } = check;
        return excluded.includes(name) ? { name, line: `[+]${name} excluded: ok` } : await ask(check);
      }),
    );
    const isHealthy = results.every(({ wrong }) => wrong === undefined);
    if (isHealthy && !request.query.has('verbose')) return await sendText(request, 200, 'ok');
    const unknown = excluded.filter((name) => !asked.some((check) => check.name === name));
    await sendVerdict(request, endpoint, results, unknown);
  }

  /** One check alone. */
  async answerNamed(request: ApiRequest, endpoint: HealthEndpoint, name: string): Promise<void> {
    const check = this.#named(endpoint).find((one) => one.name === name);
    if (check === undefined) return await sendPageNotFound(request);
    const result = await ask(check);
    if (result.wrong === undefined) return await sendText(request, 200, 'ok');
    await sendVerdict(request, endpoint, [{ ...result, line: `[-]${name} failed: ${result.wrong}` }], []);
  }

  #named(endpoint: HealthEndpoint): readonly HealthCheck[] {
    return this.#checks.filter((check) => endpoint === 'readyz' || !check.onlyReadiness || check.namedEverywhere);
  }
}

async function ask(check: HealthCheck): Promise<Result> {
  const { name } = check;
  const wrong = await check.check();
  return wrong === undefined
    ? { name, line: `[+]${name} ok` }
    : { name, line: `[-]${name} failed: reason withheld`, wrong };
}

async function sendVerdict(
  request: ApiRequest,
  endpoint: HealthEndpoint,
  results: readonly Result[],
  unknown: readonly string[],
): Promise<void> {
  const isHealthy = results.every(({ wrong }) => wrong === undefined);
  const names = [...new Set(unknown)].sort().map((name) => JSON.stringify(name));
  const lines = [
    ...results.map(({ line }) => line),
    ...(names.length > 0 ? [`warn: some health checks cannot be excluded: no matches for ${names.join(',')}`] : []),
    `${endpoint} check ${isHealthy ? 'passed' : 'failed'}`,
  ];
  await sendText(request, isHealthy ? 200 : 500, `${lines.join('\n')}\n`);
}
