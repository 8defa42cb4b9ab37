/** Why the kubelet stops a container. */
export type StopReason =
  | 'PodEnds'
  | 'DefinitionChanged'
  | 'LivenessProbeFailed'
  | 'StartupProbeFailed'
  | 'PostStartHookFailed'
  | 'ResizeNeedsRestart'
  | 'SandboxChanged';
