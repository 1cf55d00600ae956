import { drillSchema, explainSchema } from '@/core/contract/drills'
import type { DrillPlaces, DrillReport, WeakPoints } from '@/core/insight/drill-report'
import type { Refusal } from '@/core/placement/types'
import { procedureFor, router } from '@/server/api/context/trpc'
import type { Store } from '@/server/db/client'
import { reportOf } from './report'
import { type DrillRun, drillPlaces, type Picked, runDrill } from './run'
import { weakestPoints } from './weakest-points'

/** Number of recent drills that are cached for paging; a page of an evicted one is computed by a new run. */
const kept = 4
const recent = new WeakMap<Store, { key: string; run: DrillRun }[]>()

const keyOf = ({ mode, nodes, regions, zones }: Picked): string => JSON.stringify([mode, nodes, regions, zones])

function keep(store: Store, key: string, run: DrillRun): void {
  const others = (recent.get(store) ?? []).filter((one) => one.key !== key)
  recent.set(store, [{ key, run }, ...others].slice(0, kept))
}

export const drillRouter = router({
  /**
   * Computes which deployments would keep running, move or no longer fit if the nodes failed or were drained now.
   * Writes nothing.
   */
  run: procedureFor('nodes.read')
    .input(drillSchema)
    .query(async ({ ctx: { services }, input: { taken_at: takenAt, stage, show, offset, limit, ...picked } }) => {
      const key = keyOf(picked)
      const known = recent.get(services.store)?.find((one) => one.key === key)?.run
      const isAsked = takenAt !== undefined && known?.takenAt.toISOString() === takenAt
      const run = isAsked ? known : await runDrill(services, picked)
      keep(services.store, key, run)
      return reportOf(run, { stage, show, offset, limit }) satisfies DrillReport
    }),

  /** The weakest points: the effect of losing each region, and each of the most loaded nodes, on its own. */
  weakest: procedureFor('nodes.read').query(({ ctx }): Promise<WeakPoints> => weakestPoints(ctx.services)),

  /** The regions and zones of the fleet. */
  places: procedureFor('nodes.read').query(({ ctx }): Promise<DrillPlaces> => drillPlaces(ctx.services)),

  /** Explains why one deployment would not fit; on a large fleet the drill itself does not explain every refusal. */
  explain: procedureFor('nodes.read')
    .input(explainSchema)
    .query(async ({ ctx, input: { deployment_id: id, stage, ...picked } }): Promise<Refusal | null> => {
      const { outcomes } = await runDrill(ctx.services, picked, [id])
      return outcomes[stage].find(({ subject }) => subject.deployment.id === id)?.refusal ?? null
    }),
})
