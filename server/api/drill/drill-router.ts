import type { DrillPlaces, DrillReport, WeakPoints } from '@/core/insight/drill-report'
import type { Refusal } from '@/core/placement/types'
import { procedureFor, router } from '@/server/api/context/trpc'
import { drillSchema, explainSchema } from '@/server/api/inputs/drill-schemas'
import type { Store } from '@/server/db/client'
import { reportOf } from './report'
import { type DrillRun, drillPlaces, type Picked, runDrill } from './run'
import { weakestPoints } from './weakest-points'

/** Drills of a moment ago, for turning their pages; a page of one that is forgotten comes from a new one. */
const remembered = 4
const recent = new WeakMap<Store, { key: string; run: DrillRun }[]>()

const keyOf = ({ mode, nodes, regions, zones }: Picked): string => JSON.stringify([mode, nodes, regions, zones])

function remember(store: Store, key: string, run: DrillRun): void {
  const others = (recent.get(store) ?? []).filter((one) => one.key !== key)
  recent.set(store, [{ key, run }, ...others].slice(0, remembered))
}

export const drillRouter = router({
  /** Which deployments would keep running, move, or not fit if the nodes failed or were drained now. Writes nothing. */
  run: procedureFor('nodes.read')
    .input(drillSchema)
    .query(async ({ ctx: { services }, input: { taken_at: takenAt, stage, show, offset, limit, ...picked } }) => {
      const key = keyOf(picked)
      const known = recent.get(services.store)?.find((one) => one.key === key)?.run
      const isAsked = takenAt !== undefined && known?.takenAt.toISOString() === takenAt
      const run = isAsked ? known : await runDrill(services, picked)
      remember(services.store, key, run)
      return reportOf(run, { stage, show, offset, limit }) satisfies DrillReport
    }),

  /** What would survive: each region and the likeliest of the nodes, if it failed alone. */
  weakest: procedureFor('nodes.read').query(({ ctx }): Promise<WeakPoints> => weakestPoints(ctx.services)),

  /** The regions and zones that there are. */
  places: procedureFor('nodes.read').query(({ ctx }): Promise<DrillPlaces> => drillPlaces(ctx.services)),

  /** Why one deployment would not fit: of a large fleet not every refusal is explained at once. */
  explain: procedureFor('nodes.read')
    .input(explainSchema)
    .query(async ({ ctx, input: { deployment_id: id, stage, ...picked } }): Promise<Refusal | null> => {
      const { outcomes } = await runDrill(ctx.services, picked, [id])
      return outcomes[stage].find(({ subject }) => subject.deployment.id === id)?.refusal ?? null
    }),
})
