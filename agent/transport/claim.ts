/** The agent's claim to its nodes: at one time one running agent speaks for them, whoever else has its credential. */
import { uptime } from 'node:os'
import { processStart } from '@/agent/lib/lock'
import type { Claim, ClaimAnswer, MachineFacts } from '@/core/agents/identity'
import type { ControlPlane } from './control-plane'

export type ClaimOutcome = Exclude<ClaimAnswer, { state: 'look' }>

/** When the one that is asked for has changed each time, another try comes later. */
const looksAtMost = 3

/** Claims the nodes; looks for the process that holds them when the control plane asks for that. */
export const claimNodes = async (
  controlPlane: Pick<ControlPlane, 'claim'>,
  machine: MachineFacts,
): Promise<ClaimOutcome> => {
  let found: Claim['found'] = null
  for (let looks = 0; looks < looksAtMost; looks += 1) {
    const claim = { machine, upSeconds: uptime(), runsSeconds: process.uptime(), found }
    const answer = await controlPlane.claim(claim)
    if (answer.state !== 'look') return answer
    const { instance, pid, processStart: startedAt } = answer.holder
    found = { instance, alive: pid !== process.pid && (await processStart(pid)) === startedAt }
  }
  return { state: 'wait', why: 'the agents that speak for its nodes change all the time' }
}
