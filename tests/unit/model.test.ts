/** The model of evaluation, slot, lease and node, explored completely for two schedulers, two nodes and two slots. */
import { describe, expect, test } from 'vitest'
import { allRules, type Rules } from '@/tests/model/database'
import { type Exploration, explore } from '@/tests/model/explore'
import { lostLease, staleWrite } from '@/tests/model/invariants'
import { type Budget, noBudget } from '@/tests/model/world'

const exploring = (budget: Partial<Budget>, { without = {}, waits = false } = {}): Exploration =>
  explore({ rules: { ...allRules, ...without }, budget: { ...noBudget, ...budget }, waits })

const longMs = 600_000

describe('for any sequence of events every invariant holds, and the system settles in a truthful state', () => {
  const scenarios: [string, Partial<Budget>, boolean?][] = [
    ['a scheduler is killed or resigns, twice', { crash: 2 }],
    ['a scheduler is stopped, another takes over and is killed', { pause: 1, crash: 1 }],
    ['two schedulers are stopped in turn', { pause: 2 }],
    ['a lease runs out while its holder is stopped', { pause: 1, expire: 1 }],
    ['a node is cut off and given up', { cut: 1 }],
    ['a node is cut off twice, or both are', { cut: 2 }],
    ['a node is cut off while a scheduler is killed', { cut: 1, crash: 1 }],
    ['reports are late and doubled, containers die, agents start again', { delay: 1, die: 1, restart: 1 }],
    ['a person scales or deletes while a scheduler is stopped', { change: 1, pause: 1 }],
    ['a person scales and deletes', { change: 2 }],
    ['a rival takes the room, and the deployment waits', { rival: 2, crash: 1 }, true],
    ['a rival takes the room, and the deployment fails or is tried again', { rival: 2, change: 1 }],
    ['evaluations go wrong until they are dead', { fail: 3, crash: 1 }],
    ['evaluations go wrong while a person changes the deployment', { fail: 2, change: 1 }],
  ]
  test.each(scenarios)(
    '%s',
    (_, budget, waits = false) => {
      const { found, states, steps } = exploring(budget, { waits })
      expect(found).toBeNull()
      expect(states).toBeGreaterThan(100)
      expect(steps).toBeGreaterThan(states)
    },
    longMs,
  )
})

/** For each mechanism that is removed: the first violation, and the events that it needs. */
const broken: [keyof Rules, Partial<Budget>, string][] = [
  ['fence', { pause: 1 }, staleWrite],
  ['version', { change: 1 }, 'a deployment went from deleted to scheduled'],
  ['capacity', { rival: 1 }, 'a node has promised more than it has'],
  ['hold', { cut: 1 }, 'a container runs without a reservation'],
  ['table', { delay: 1, die: 1 }, 'a replica went from failed to running'],
  ['enqueue', {}, 'an accepted deployment is pending and nobody will work on it'],
  ['markDead', { fail: 2 }, 'an accepted deployment is pending and nobody will work on it'],
  ['seen', {}, 'a deployment is called running, and a replica of it was not seen running'],
  ['adopt', { restart: 1 }, 'a replica has two containers'],
  ['generation', { cut: 1 }, 'a reservation is held for nothing'],
  ['wait', { cut: 1 }, 'a node runs a slot twice'],
]

describe('the model detects a missing mechanism', () => {
  test.each(broken)(
    '%s',
    (rule, budget, what) => {
      const { found } = exploring(budget, { without: { [rule]: false } })
      expect(found?.what).toBe(what)
      // The story begins with the first step, so that a person can follow it.
      expect(found?.story[0]).toBe('deploy')
      // With the mechanism, the same events do no harm.
      expect(exploring(budget).found).toBeNull()
    },
    longMs,
  )

  test(
    'the lease, which is the second line behind the fence',
    () => {
      const breaking = (without: Partial<Rules>) =>
        explore({ rules: { ...allRules, ...without }, budget: { ...noBudget, pause: 1 }, waits: false }, [staleWrite])
          .found
      expect(breaking({ fence: false, lease: false })?.what).toBe(lostLease)
      expect(breaking({ fence: false })).toBeNull()
      expect(breaking({ lease: false })).toBeNull()
    },
    longMs,
  )

  test('every rule is covered', () => {
    expect([...broken.map(([rule]) => rule), 'lease'].sort()).toEqual(Object.keys(allRules).sort())
  })
})
