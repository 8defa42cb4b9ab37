/**
 * Which rules let packets of pods through iptables' FORWARD chain, given what `iptables -S` shows. Pure.
 *
 * Docker drops what it does not know, and has a chain for its users' exceptions, DOCKER-USER. Where that chain is not
 * there, or FORWARD does not lead to it, and FORWARD drops all the same, the exceptions stand in FORWARD itself.
 */

export interface ForwardRulesOptions {
  /** The pod network. */
  readonly clusterCidr: string;
  /** Whose rules they are. */
  readonly clusterId?: string | undefined;
}

/** A chain, and a rule in the words of iptables. */
export interface ForwardRule {
  readonly chain: string;
  readonly rule: readonly string[];
}

const userChain = 'DOCKER-USER';

/** All that may ever have been made, by this build or one before: for taking a cluster down. */
export function allForwardRules(options: ForwardRulesOptions): ForwardRule[] {
  const chains = [userChain, 'FORWARD'];
  return chains.flatMap((chain) => [
    ...rulesIn(chain, options),
    ...rulesIn(chain, { ...options, clusterId: undefined }),
  ]);
}

/** Those that have to be inserted. `listing` is what `iptables -S` says: `-P FORWARD DROP`, `-N …`, `-A …`. */
export function computeMissingForwardRules(listing: string, options: ForwardRulesOptions): ForwardRule[] {
  const lines = new Set(listing.split('\n').map((line) => line.trim()));
  const hasUserChain = lines.has(`-N ${userChain}`) && [...lines].some((line) => leadsToUserChain.test(line));
  if (!hasUserChain && !lines.has('-P FORWARD DROP')) return [];
  return rulesIn(hasUserChain ? userChain : 'FORWARD', options).filter(
    ({ chain, rule }) => !lines.has(`-A ${chain} ${rule.map(quote).join(' ')}`),
  );
}

const leadsToUserChain = new RegExp(`^-A FORWARD -j ${userChain}$`);

function rulesIn(chain: string, { clusterCidr, clusterId }: ForwardRulesOptions): ForwardRule[] {
  const comment = clusterId === undefined ? 'longshore' : `longshore ${clusterId}`;
  return ['-s', '-d'].map((direction) => ({
    chain,
    rule: [direction, clusterCidr, '-m', 'comment', '--comment', comment, '-j', 'ACCEPT'],
  }));
}

/** As `iptables -S` does. */
const quote = (word: string): string => (word.includes(' ') ? `"${word}"` : word);
