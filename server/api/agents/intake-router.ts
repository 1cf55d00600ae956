import { behindMessage } from '@/core/agents/intake-state'
import { procedureFor, router } from '@/server/api/context/trpc'
import { intakeState } from '@/server/store/nodes/report-intake'

export const intakeRouter = router({
  /** A message while the control plane is behind with reports and heartbeats of agents; null otherwise. */
  behind: procedureFor('nodes.read').query(async ({ ctx }) => behindMessage(await intakeState(ctx.services.store))),
})
