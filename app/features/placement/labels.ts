import { formatScore, plural } from '@/app/ui/text/format'
import type { PlacementSummary } from '@/core/placement/decision-summary'
import type { NodeExplanation } from '@/core/placement/explanation'
import { amountText, type ResourceKind, resourceKinds } from '@/core/placement/resources'
import { standing } from '@/core/placement/standing'
import type {
  LocalityFact,
  Policy,
  RuleFailure,
  RuleName,
  ScorePart,
  ScorePartName,
  Verdict,
} from '@/core/placement/types'

/** Each rule as the heading of a list of nodes that fail it. */
export const ruleLabels: Record<RuleName, string> = {
  status: 'Out of service',
  engine: 'Cannot run containers',
  cordoned: 'Cordoned',
  draining: 'Draining',
  cpu: 'Too little CPU',
  memory: 'Too little memory',
  storage: 'Too little storage',
  gpu: 'Too few GPUs',
  labels: 'Labels',
  'one-per-node': 'Holds a replica already',
  'host-ports': 'Host port taken',
  affinity: 'Missing a required deployment',
  'anti-affinity': 'Has an excluded deployment',
  spread: 'Would exceed max_skew',
  avoided: 'An attempt failed here',
}

/** Each rule beside the values that it compared, met or not. */
export const resultLabels: Record<RuleName, string> = {
  status: 'Status',
  engine: 'Engine',
  cordoned: 'Cordon',
  draining: 'Drain',
  cpu: 'CPU',
  memory: 'Memory',
  storage: 'Storage',
  gpu: 'GPU',
  labels: 'Labels',
  'one-per-node': 'Per node',
  'host-ports': 'Host ports',
  affinity: 'Affinity',
  'anti-affinity': 'Anti-affinity',
  spread: 'Spread',
  avoided: 'Avoided',
}

export const partLabels: Record<ScorePartName, string> = {
  resources: 'Resources',
  load: 'Load',
  locality: 'Locality',
  preferences: 'Preferences',
  spread: 'Spread',
  affinity: 'Affinity',
}

export const partExplanations: Record<ScorePartName, string> = {
  resources: 'Share of CPU and memory left free after placement.',
  load: 'Share of CPU and memory idle at the last heartbeat.',
  locality: 'Proximity to the preferred region: 1 in the region, 0 at 200 ms.',
  preferences: 'Weighted share of preferred labels that the node has.',
  spread: 'Fewer replicas in its region or zone score higher: 1 for the fewest, 0.5 with one more.',
  affinity: 'Whether the node is near or away from other deployments, as requested.',
}

const isResource = (rule: RuleName): rule is ResourceKind => (resourceKinds as readonly string[]).includes(rule)

/** "1.5 cores short"; null for rules without an amount. */
export const shortfallText = ({ rule, shortfall }: RuleFailure): string | null =>
  shortfall !== null && isResource(rule) ? `${amountText(rule, shortfall)} short` : null

/** 0.40 × 0.82 */
export const productText = ({ weight, value }: ScorePart): string => `${weight.toFixed(2)} × ${value.toFixed(2)}`

export function localityText({ latencyMs, source }: LocalityFact): string {
  if (latencyMs === null) return source === 'unknown' ? 'distance unknown' : source
  const how = { measured: 'measured', table: 'from the table', coordinates: 'from coordinates' } as const
  const known = source in how ? ` ${how[source as keyof typeof how]}` : ''
  return `${Math.round(latencyMs)} ms${known}`
}

/** "Rank 3 of 12, 0.014 behind node-05, the last one chosen."; null for a node without a rank. */
export function rankText({ verdict, feasible, gap }: NodeExplanation): string | null {
  if (verdict.rank === null) return null
  const rank = `Rank ${verdict.rank} of ${feasible}`
  if (verdict.chosen > 0) return `${rank}, chosen.`
  return gap ? `${rank}, ${formatScore(gap.gap)} behind ${gap.nodeId}, the last one chosen.` : `${rank}.`
}

/** The weight of each part in these scores: preferences take a share of the policy weights. */
export function weightsIn(verdicts: readonly Verdict[], policy: Policy): Partial<Record<ScorePartName, number>> {
  const scored = verdicts.find(({ parts }) => parts.length > 0)
  return scored ? Object.fromEntries(scored.parts.map(({ name, weight }) => [name, weight])) : policy.weights
}

/** The parts in which `other` scores lower than `winner`, greatest loss first. */
export const partLosses = (winner: Verdict, other: Verdict): { name: ScorePart['name']; loss: number }[] =>
  winner.parts
    .map(({ name, contribution }) => ({
      name,
      loss: contribution - (other.parts.find((part) => part.name === name)?.contribution ?? 0),
    }))
    .filter(({ loss }) => loss > 0.0005)
    .sort((a, b) => b.loss - a.loss)

/** Explains a placement in a few sentences; empty when nothing was placed. */
export function whyText({ chosen, best, nodes, feasible }: PlacementSummary): string[] {
  const last = chosen.at(-1)
  const winner = best[0]
  if (!last || !winner || winner.score === null) return []
  const room =
    feasible === nodes
      ? feasible === 1
        ? 'The only node is eligible.'
        : `All ${feasible} nodes eligible.`
      : `${plural(feasible, 'node')} eligible, ${nodes - feasible} ineligible.`
  const sentences = [room, `${winner.nodeId} scored highest, ${formatScore(winner.score)}.`]
  const runnerUp = best.find((verdict) => verdict.chosen === 0)
  if (!runnerUp) return [...sentences, 'Every eligible node was chosen.']
  const lastVerdict = best.find(({ id }) => id === last.id)
  // With several replicas on a node, the last one was scored after the others were placed, so parts are not comparable.
  const loss = lastVerdict && lastVerdict.chosen === 1 ? partLosses(lastVerdict, runnerUp)[0] : undefined
  const most = loss ? `, most of it in ${loss.name}` : ''
  sentences.push(`Runner-up: ${runnerUp.nodeId}, ${standing({ chosen }, runnerUp)}${most}.`)
  return sentences
}
