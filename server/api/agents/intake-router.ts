import { behindMessage } from '@/core/agents/intake-state'
import { procedureFor, router } from '@/server/api/context/trpc'
import { intakeState } from '@/server/store/nodes/report-intake'

export const intakeRouter = router({
  /** A sentence while the control plane is behind with what agents send; null when it keeps up. */
  behind: procedureFor('nodes.read').query(async ({ ctx }) => behindMessage(await intakeState(ctx.services.store))),
})
