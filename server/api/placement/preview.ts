import type { z } from 'zod'
import { type previewSchema, resourcesOf } from '@/core/contract/deployments'
import { fleetSeenFrom } from '@/core/journal'
import { hostPortsOf } from '@/core/placement/host-ports'
import { isOf } from '@/core/placement/placed-replica'
import { withGivenPlacementRules } from '@/core/placement/preferences'
import { type Fleet, type PlacementRequest, type Policy, policyOf } from '@/core/placement/types'
import { resolvePlacementRules } from '@/core/scheduler/scoring/preferences'
import { choose } from '@/core/scheduler/select/choose'
import type { Services } from '@/server/api/context/context'
import { readSettings } from '@/server/store/records/settings'
import { placedReplicas } from '@/server/store/scheduling/placed-replicas'

export interface Asked {
  request: PlacementRequest
  fleet: Fleet
  policy: Policy
  at: Date
}

/** The request that the scheduler would get if this were deployed now, with the current fleet. */
export async function asIfDeployed(
  { store, fleet: live, clock }: Services,
  input: z.infer<typeof previewSchema>,
): Promise<Asked> {
  const at = clock.now()
  const asked = withGivenPlacementRules(null, input)
  const [state, settings, others] = await Promise.all([
    live.current(),
    readSettings(store),
    placedReplicas(store, asked?.affinity.map((rule) => rule.deployment) ?? []),
  ])
  const fleet = fleetSeenFrom(state, { atMs: at.getTime(), earlier: [], own: new Map(), handover: null })
  const hostPorts = hostPortsOf(input.ports ?? [])
  const placementRules = resolvePlacementRules(asked, ({ deployment }) => {
    const holders = new Set(others.filter((one) => isOf(one, deployment)).map((one) => one.nodeId))
    return fleet.nodes.filter((node) => holders.has(node.id))
  })
  return {
    at,
    fleet,
    policy: input.policy === undefined ? settings.policy : policyOf(input.policy),
    request: {
      deploymentId: 'preview',
      replicas: input.replicas,
      resources: resourcesOf(input.resources),
      region: input.region ?? null,
      constraints: input.constraints ?? [],
      maxPerNode: input.max_per_node ?? 1,
      avoidNodeIds: [],
      ...(hostPorts.length > 0 && { hostPorts }),
      ...(placementRules && { placementRules }),
    },
  }
}

/**
 * The outcome that a preview showed: the names of the chosen nodes in order, or null when the deployment did not fit.
 */
type Promised = string[] | null

export const tokenOf = (promised: Promised): string => Buffer.from(JSON.stringify(promised)).toString('base64url')

function promisedBy(token: string): Promised | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (value === null) return null
    return Array.isArray(value) && value.every((name) => typeof name === 'string') ? value : undefined
  } catch {
    return undefined
  }
}

/** How the current outcome compares with that of a preview. */
interface Freshness {
  outcome: 'same' | 'differs'
  /** False when the preview fitted and the current outcome does not. */
  stillFits: boolean
  message: string
}

/** Compares a preview's outcome with the current one; undefined when the token is malformed. */
export async function freshnessOf(
  services: Services,
  input: z.infer<typeof previewSchema>,
  token: string,
): Promise<Freshness | undefined> {
  const then = promisedBy(token)
  if (then === undefined) return undefined
  const { request, fleet, policy } = await asIfDeployed(services, input)
  const { chosen, found } = choose(request, fleet, policy)
  const now = found >= request.replicas ? chosen.map((node) => node.nodeId) : null
  if (now === null)
    return then === null
      ? { outcome: 'same', stillFits: true, message: 'It does not fit, as the preview said' }
      : {
          outcome: 'differs',
          stillFits: false,
          message: `It fitted a moment ago and does not any more: need ${request.replicas}, found ${found} with capacity`,
        }
  const comes = now.filter((name) => !then?.includes(name))
  const leaves = (then ?? []).filter((name) => !now.includes(name))
  if (comes.length === 0 && leaves.length === 0)
    return { outcome: 'same', stillFits: true, message: 'Placed as the preview showed' }
  return {
    outcome: 'differs',
    stillFits: true,
    message: `The fleet has moved since the preview: ${comes.join(', ')}${leaves.length > 0 ? ` instead of ${leaves.join(', ')}` : ''}`,
  }
}
