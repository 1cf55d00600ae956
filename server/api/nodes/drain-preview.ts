import type { DrainPreview, DrainPreviewReplica } from '@/core/views/nodes'
import type { Services } from '@/server/api/context/context'
import { runDrill } from '@/server/api/drill/run'

/**
 * Previews where the replicas of the nodes would go if they were drained now, computed by the failure drill; writes
 * nothing.
 */
export async function drainPreview(services: Services, nodeIds: string[]): Promise<DrainPreview> {
  const { takenAt, outcomes } = await runDrill(services, { mode: 'drain', nodes: nodeIds, regions: [], zones: [] })
  return {
    takenAt: takenAt.toISOString(),
    replicas: outcomes.overridden.flatMap(({ subject: { deployment }, replicas, problem, refusal }) =>
      replicas.map(
        ({ attempt, to }): DrainPreviewReplica => ({
          replicaId: attempt.id,
          deploymentId: deployment.id,
          deploymentName: deployment.name,
          slot: attempt.slot,
          from: { id: attempt.nodeId, nodeId: attempt.nodeName },
          to,
          problem: to === null ? problem : null,
          reasons: to === null ? (refusal?.reasons ?? []) : [],
        }),
      ),
    ),
  }
}
