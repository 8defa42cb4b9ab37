/** All commands of kubecfg, in the order of its help. Each declares itself in a folder of its own, in `commands/`. */

import type { Command } from './command.ts';
import { annotateCommand } from './commands/annotate/command.ts';
import { apiResourcesCommand } from './commands/api-resources/command.ts';
import { apiVersionsCommand } from './commands/api-versions/command.ts';
import { applyCommand } from './commands/apply/command.ts';
import { attachCommand } from './commands/attach/command.ts';
import { authCommand } from './commands/auth/command.ts';
import { autoscaleCommand } from './commands/autoscale/command.ts';
import { certificateCommand } from './commands/certificate/command.ts';
import { certsCommand } from './commands/certs/command.ts';
import { cisCommand } from './commands/cis/command.ts';
import { clusterInfoCommand } from './commands/cluster-info/command.ts';
import { completionCommand } from './commands/completion/command.ts';
import { configCommand } from './commands/config/command.ts';
import { cordonCommand } from './commands/cordon/command.ts';
import { cpCommand } from './commands/cp/command.ts';
import { createCommand } from './commands/create/command.ts';
import { debugCommand } from './commands/debug/command.ts';
import { deleteCommand } from './commands/delete/command.ts';
import { describeCommand } from './commands/describe/command.ts';
import { diffCommand } from './commands/diff/command.ts';
import { downCommand } from './commands/down/command.ts';
import { drainCommand } from './commands/drain/command.ts';
import { editCommand } from './commands/edit/command.ts';
import { eventsCommand } from './commands/events/command.ts';
import { execCommand } from './commands/exec/command.ts';
import { explainCommand } from './commands/explain/command.ts';
import { exposeCommand } from './commands/expose/command.ts';
import { getCommand } from './commands/get/command.ts';
import { joinCommand } from './commands/join/command.ts';
import { labelCommand } from './commands/label/command.ts';
import { leaveCommand } from './commands/leave/command.ts';
import { listCommand } from './commands/list/command.ts';
import { logsCommand } from './commands/logs/command.ts';
import { nodeCommand } from './commands/node/command.ts';
import { patchCommand } from './commands/patch/command.ts';
import { portForwardCommand } from './commands/port-forward/command.ts';
import { printCommand } from './commands/print/command.ts';
import { proxyCommand } from './commands/proxy/command.ts';
import { replaceCommand } from './commands/replace/command.ts';
import { resizeCommand } from './commands/resize/command.ts';
import { retryCommand } from './commands/retry/command.ts';
import { rmCommand } from './commands/rm/command.ts';
import { rollingupdateCommand } from './commands/rollingupdate/command.ts';
import { rolloutCommand } from './commands/rollout/command.ts';
import { runCommand } from './commands/run/command.ts';
import { scaleCommand } from './commands/scale/command.ts';
import { secretsCommand } from './commands/secrets/command.ts';
import { setCommand } from './commands/set/command.ts';
import { stopCommand } from './commands/stop/command.ts';
import { taintCommand } from './commands/taint/command.ts';
import { tokenCommand } from './commands/token/command.ts';
import { topCommand } from './commands/top/command.ts';
import { uncordonCommand } from './commands/uncordon/command.ts';
import { upCommand } from './commands/up/command.ts';
import { updateCommand } from './commands/update/command.ts';
import { versionCommand } from './commands/version/command.ts';
import { waitCommand } from './commands/wait/command.ts';
import { whyCommand } from './commands/why/command.ts';

export const commands: readonly Command[] = [
  getCommand,
  describeCommand,
  createCommand,
  applyCommand,
  updateCommand,
  replaceCommand,
  patchCommand,
  editCommand,
  labelCommand,
  annotateCommand,
  diffCommand,
  exposeCommand,
  explainCommand,
  eventsCommand,
  topCommand,
  deleteCommand,
  listCommand,
  printCommand,
  runCommand,
  resizeCommand,
  scaleCommand,
  autoscaleCommand,
  stopCommand,
  rmCommand,
  rollingupdateCommand,
  rolloutCommand,
  setCommand,
  logsCommand,
  execCommand,
  attachCommand,
  debugCommand,
  cpCommand,
  portForwardCommand,
  proxyCommand,
  drainCommand,
  cordonCommand,
  uncordonCommand,
  taintCommand,
  waitCommand,
  whyCommand,
  retryCommand,
  authCommand,
  certificateCommand,
  apiResourcesCommand,
  apiVersionsCommand,
  clusterInfoCommand,
  configCommand,
  completionCommand,
  versionCommand,
  secretsCommand,
  cisCommand,
  upCommand,
  downCommand,
  certsCommand,
  tokenCommand,
  joinCommand,
  leaveCommand,
  nodeCommand,
];
