/** `/healthz`, `/livez`, `/readyz`: checks by name, each asked for alone too, listed with `?verbose`. */

import type { ApiRequest } from '../server/api-request.ts';
import { sendPageNotFound, sendText } from '../server/responses.ts';

export interface HealthCheck {
  readonly name: string;
  /** What is wrong, or undefined. */
  check(): Promise<string | undefined>;
  /** Only asked for readiness: a server that is not ready is not to be restarted. */
  readonly onlyReadiness?: boolean;
}

export class HealthChecks {
  readonly #checks: readonly HealthCheck[];

  constructor(checks: readonly HealthCheck[]) {
    this.#checks = checks;
  }

  /** `endpoint` is `healthz`, `livez` or `readyz`; `only` names one check. */
  async answer(request: ApiRequest, endpoint: string, only: string | undefined): Promise<void> {
    const excluded = request.query.getAll('exclude');
    const relevant = this.#checks.filter((check) => endpoint === 'readyz' || !check.onlyReadiness);
    if (only !== undefined && !relevant.some(({ name }) => name === only)) return await sendPageNotFound(request);
    const asked = only === undefined ? relevant : relevant.filter(({ name }) => name === only);
    const results = await Promise.all(
      asked.map(async (check) => {
        if (excluded.includes(check.name)) return { name: check.name, line: `[+]${check.name} excluded: ok` };
        const wrong = await check.check();
        return wrong === undefined
          ? { name: check.name, line: `[+]${check.name} ok` }
          : { name: check.name, line: `[-]${check.name} failed: ${wrong}`, wrong };
      }),
    );
    const isHealthy = results.every(({ wrong }) => wrong === undefined);
    const isVerbose = request.query.has('verbose') && only === undefined;
    if (isHealthy && !isVerbose) return await sendText(request, 200, 'ok');
    const lines = results.map(({ line }) => line);
    const verdict = `${endpoint} check ${isHealthy ? 'passed' : 'failed'}`;
    await sendText(request, isHealthy ? 200 : 500, `${[...lines, verdict].join('\n')}\n`);
  }
}
