import { behindInWords } from '../domain/behind'
import { intakeState } from '../store/report-intake'
import { procedureFor, router } from './trpc'

export const intakeRouter = router({
  /** A sentence while the control plane is behind with what agents send; null when it keeps up. */
  behind: procedureFor('nodes.read').query(async ({ ctx }) => behindInWords(await intakeState(ctx.services.store))),
})
