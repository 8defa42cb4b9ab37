/** Which authorizers a server asks, in order: what flags and an AuthorizationConfiguration come down to. */

import type { JsonExpression } from '../../../machinery/cel/json-expression.ts';

/** Authorizers that need no word more. */
export const builtInTypes = ['AlwaysAllow', 'AlwaysDeny', 'Node', 'RBAC'] as const;
export type BuiltInType = (typeof builtInTypes)[number];

export type AuthorizerSetting =
  | { readonly type: BuiltInType; readonly name: string }
  | { readonly type: 'Webhook'; readonly name: string; readonly webhook: WebhookSetting };

export interface WebhookSetting {
  /** All tries of one question together. */
  readonly timeoutMs: number;
  /** How long a yes is remembered, and how long anything else; 0: not at all. */
  readonly authorizedTtlMs: number;
  readonly unauthorizedTtlMs: number;
  /** What it means that there is no answer. */
  readonly failurePolicy: 'NoOpinion' | 'Deny';
  readonly subjectAccessReviewVersion: 'v1' | 'v1beta1';
  readonly connection: WebhookConnection;
  /** Only what all of them are true for is asked. */
  readonly matchConditions: readonly MatchCondition[];
}

export type WebhookConnection =
  | { readonly type: 'InClusterConfig' }
  /** `named`: where the path stands. */
  | { readonly type: 'KubeConfigFile'; readonly path: string; readonly named: string };

export interface MatchCondition {
  readonly text: string;
  /** Of `request`, the spec of a SubjectAccessReview. */
  readonly expression: JsonExpression;
}

export const isBuiltIn = (type: string): type is BuiltInType => builtInTypes.some((one) => one === type);
