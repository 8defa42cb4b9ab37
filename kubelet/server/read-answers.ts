/** What the kubelet's server answers whole: who and what runs, its settings, its figures and those of its pods. */

import { HistoryQuestionError } from '../../api/history-since.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Metrics } from '../../base/metrics.ts';
import { metricsTextType } from '../../base/metrics-text.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import { historyAnswer } from '../stats/history/history-answer.ts';
import type { UsageHistory } from '../stats/history/usage-history.ts';
import type { CadvisorAnswers } from './cadvisor-answers.ts';
import type { ReadRoute } from './routes.ts';
import { runningPodList } from './running-pods.ts';
import { TextError } from './text-error.ts';
import type { UsageAnswers } from './usage-answers.ts';

export interface ReadAnswersOptions {
  readonly nodeName: string;
  readonly metrics: Metrics;
  readonly probeMetrics: Metrics;
  readonly usage: Pick<UsageAnswers, 'metrics' | 'summary'>;
  readonly cadvisor: Pick<CadvisorAnswers, 'text'>;
  readonly history: Pick<UsageHistory, 'read'>;
  readonly pods: Pick<ObjectCache<Pod>, 'list'>;
  readonly observed: Pick<ObservedPods, 'uids' | 'get'>;
  /** What `/configz` tells. */
  readonly configz: object;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ReadAnswer {
  readonly type: string;
  readonly body: string;
}

export class ReadAnswers {
  readonly #options: ReadAnswersOptions;

  constructor(options: ReadAnswersOptions) {
    this.#options = options;
  }

  /** Throws a TextError for a question that cannot be answered. */
  async read(what: ReadRoute['type'], query: URLSearchParams): Promise<ReadAnswer> {
    const { metrics, probeMetrics, usage, cadvisor, pods, observed, configz } = this.#options;
    switch (what) {
      case 'healthz':
        return { type: 'text/plain; charset=utf-8', body: 'ok' };
      case 'pods':
        return json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [...pods.list()] });
      case 'runningPods':
        return json(runningPodList([...observed.uids()].map((uid) => observed.get(uid))));
      case 'configz':
        return json(configz);
      case 'metrics':
        return { type: metrics.contentType, body: await metrics.text() };
      case 'probeMetrics':
        return { type: probeMetrics.contentType, body: await probeMetrics.text() };
      case 'resourceMetrics':
        return { type: metricsTextType, body: await usage.metrics((error) => this.#warn(error)) };
      case 'cadvisorMetrics':
        return { type: metricsTextType, body: await cadvisor.text((error) => this.#warn(error)) };
      case 'statsSummary':
        return json(await usage.summary(query));
      case 'statsHistory':
        return json(this.#history(query));
    }
  }

  #history(query: URLSearchParams): object {
    const { history, nodeName, clock } = this.#options;
    try {
      return historyAnswer({ history, nodeName, query, now: clock.now() });
    } catch (error) {
      if (error instanceof HistoryQuestionError) throw new TextError(400, `${error.message}\n`);
      throw error;
    }
  }

  #warn(error: unknown): void {
    this.#options.logger.warn('What the pods use could not be measured', { error });
  }
}

const json = (value: object): ReadAnswer => ({ type: 'application/json', body: JSON.stringify(value) });
