import { describe, expect, it } from 'vitest'
import { defaultPolicy, type Placement } from '@/core/placement/types'
import { aFleet, aRequest, someNodes } from '@/testing/builders'
import { place } from './place'
import { matchesRecord, replay, sameChoice } from './replay'

const inputs = {
  request: aRequest({ replicas: 2, region: 'eu-west' }),
  fleet: aFleet(someNodes(4, { cpuUsagePercent: 33.3 }), [
    { fromRegion: 'us-east', toRegion: 'eu-west', latencyMs: 71.3 },
  ]),
  policy: defaultPolicy,
}

describe('replay', () => {
  it('returns the recorded placement, also from a record that went through JSON', () => {
    const made = place(inputs.request, inputs.fleet, inputs.policy)
    const record = JSON.parse(JSON.stringify({ ...inputs, placement: made })) as typeof inputs & {
      placement: Placement
    }
    expect(replay(record)).toStrictEqual(made)
    expect(record.placement).toStrictEqual(made)
    expect(sameChoice(replay(record), record.placement)).toBe(true)
  })

  it('notices every difference in the chosen nodes', () => {
    const made = replay(inputs)
    const [first, second] = made.chosen
    if (!first || !second) throw new Error('two replicas were placed')
    expect(sameChoice(made, { ...made, chosen: [second, first] })).toBe(false)
    expect(sameChoice(made, { ...made, chosen: [first] })).toBe(false)
    expect(sameChoice(made, { ...made, chosen: [first, { ...second, score: second.score + Number.EPSILON }] })).toBe(
      false,
    )
    expect(sameChoice(made, { ...made, chosen: [first, { ...second, id: first.id }] })).toBe(false)
    expect(sameChoice(made, { ...made, verdicts: [] })).toBe(true)
  })

  it('distinguishes refusals by their messages', () => {
    const refused = (nodes: number): Placement => replay({ ...inputs, fleet: aFleet(someNodes(nodes)) })
    expect(sameChoice(refused(1), refused(1))).toBe(true)
    expect(sameChoice(refused(1), refused(0))).toBe(false)
    expect(sameChoice(refused(1), refused(2))).toBe(false)
  })
  it('recognizes a refusal whose recorded message names the move or update first', () => {
    const again = replay({ ...inputs, fleet: aFleet([]) })
    const recorded = (message: string) => matchesRecord(again, { outcome: 'refused', chosen: [], message })
    const reason = again.refusal?.message ?? 'it was not refused'
    expect(recorded(reason)).toBe(true)
    expect(recorded(`Updating replica 1 to revision 2: ${reason}`)).toBe(true)
    expect(recorded(`${reason} and more`)).toBe(false)
    expect(recorded('Insufficient nodes: need 99, found 98 with capacity')).toBe(false)
  })
})
