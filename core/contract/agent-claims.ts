import { z } from 'zod'
import { agentNumber, agentText, agentWhole } from './fields'
import { counts } from './ranges'

const id = agentText({ max: 100 })

/** MachineFacts (core/agents/identity.ts). */
export const machineInput = z.object({
  hostName: agentText({ max: 255 }),
  machineId: id.nullable(),
  hardware: z.array(id).max(16),
  bootId: id.nullable(),
  engineId: id.nullable(),
  processNamespace: id.nullable(),
  pid: agentWhole(counts).transform((pid) => pid ?? 0),
  processStart: id,
})

export const claimInput = z.object({
  machine: machineInput,
  upSeconds: agentNumber(counts),
  runsSeconds: agentNumber(counts),
  found: z.object({ instance: z.uuid(), alive: z.boolean() }).nullable(),
})
