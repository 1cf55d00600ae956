/** Claims the agent's nodes: only one process at a time holds them, even if others have its credential. */
import { uptime } from 'node:os'
import { processStart } from '@/agent/lib/lock'
import type { Claim, ClaimAnswer, MachineFacts } from '@/core/agents/identity'
import type { ControlPlane } from './control-plane'

export type ClaimOutcome = Exclude<ClaimAnswer, { state: 'look' }>

/** Maximum number of rounds, because the process to look for may change each time; then the claim is retried later. */
const mostQuestions = 3

/** Claims the nodes. Looks for the process that holds them on this machine when the control plane asks for that. */
export const claimNodes = async (
  controlPlane: Pick<ControlPlane, 'claim'>,
  machine: MachineFacts,
): Promise<ClaimOutcome> => {
  let found: Claim['found'] = null
  for (let questions = 0; questions < mostQuestions; questions += 1) {
    const claim = { machine, upSeconds: uptime(), runsSeconds: process.uptime(), found }
    const answer = await controlPlane.claim(claim)
    if (answer.state !== 'look') return answer
    const { instance, pid, processStart: startedAt } = answer.holder
    found = { instance, alive: pid !== process.pid && (await processStart(pid)) === startedAt }
  }
  return { state: 'wait', why: 'the agents that speak for its nodes change all the time' }
}
