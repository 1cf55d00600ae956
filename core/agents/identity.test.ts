import { describe, expect, test } from 'vitest'
import { type Claim, type ClaimCase, type Holder, judgeClaim, kinship, type MachineFacts } from './identity'

const pi = (overrides: Partial<MachineFacts> = {}): MachineFacts => ({
  hostName: 'pi-1',
  machineId: 'm1',
  hardware: ['eth1'],
  bootId: 'b1',
  engineId: 'e1',
  processNamespace: 'pid:[1]',
  pid: 100,
  processStart: '5000',
  ...overrides,
})
const holder = (overrides: Partial<Holder> = {}): Holder => ({
  instance: 'first',
  machine: pi(),
  offlineSeconds: 2,
  ...overrides,
})
const claim = (overrides: Partial<Claim> = {}): Claim => ({
  machine: pi({ pid: 200, processStart: '9000' }),
  upSeconds: 100_000,
  runsSeconds: 1,
  found: null,
  ...overrides,
})
const judge = (overrides: Partial<ClaimCase> = {}) =>
  judgeClaim({ holder: holder(), instance: 'second', claim: claim(), allowed: null, leaseSeconds: 15, ...overrides })

const granted = (how: string) => ({ state: 'granted', how })
const refused = (second: string) => ({ state: 'refused', second })

describe('a claim', () => {
  test('is granted if nobody holds the nodes, and again to their holder', () => {
    expect(judge({ holder: null })).toEqual(granted('first'))
    expect(judge({ instance: 'first' })).toEqual(granted('again'))
  })

  test('after a crash is granted at once if the old process is gone', () => {
    expect(judge()).toEqual({ state: 'look' })
    const gone = claim({ found: { instance: 'first', alive: false } })
    expect(judge({ claim: gone })).toEqual(granted('restarted'))
    // The result about a former holder does not apply to the present one.
    expect(judge({ claim: claim({ found: { instance: 'other', alive: false } }) })).toEqual({ state: 'look' })
  })

  test('is refused while the holder’s process is alive on the same machine', () => {
    expect(judge({ claim: claim({ found: { instance: 'first', alive: true } }) })).toEqual(refused('process'))
  })

  test('after a reboot is granted when the lease ends', () => {
    const rebooted = claim({ machine: pi({ bootId: 'b2' }), upSeconds: 8 })
    expect(judge({ holder: holder({ offlineSeconds: 9 }), claim: rebooted })).toEqual({ state: 'wait' })
    const later = claim({ machine: pi({ bootId: 'b2' }), upSeconds: 15 })
    expect(judge({ holder: holder({ offlineSeconds: 16 }), claim: later })).toEqual(granted('restarted'))
  })

  test('of a copy that ran beside the holder is refused, even after the holder is unreachable', () => {
    // Another virtual machine with the same ids and without built-in network cards.
    const copy = claim({ machine: pi({ bootId: 'b2', hardware: [] }), upSeconds: 3_600 })
    expect(judge({ claim: copy })).toEqual(refused('twins'))
    expect(judge({ holder: holder({ offlineSeconds: 600 }), claim: copy })).toEqual(refused('twins'))
  })

  test('from another process namespace waits for the lease, unless the claimant ran beside the holder', () => {
    const machine = pi({ processNamespace: 'pid:[2]' })
    expect(judge({ claim: claim({ machine }) })).toEqual({ state: 'wait' })
    const offline = holder({ offlineSeconds: 20 })
    expect(judge({ holder: offline, claim: claim({ machine, runsSeconds: 19 }) })).toEqual(granted('restarted'))
    expect(judge({ holder: offline, claim: claim({ machine, runsSeconds: 60 }) })).toEqual(refused('twins'))
  })

  test('of another machine needs a person, however long the holder has been unreachable', () => {
    const machine = pi({ hostName: 'pi-2', machineId: 'm2', bootId: 'b2', hardware: ['eth2'] })
    const late = holder({ offlineSeconds: 1_000_000 })
    expect(judge({ holder: late, claim: claim({ machine, upSeconds: 10 }) })).toEqual(refused('machine'))
    const moved = { holder: late, claim: claim({ machine }) }
    expect(judge({ ...moved, allowed: { instance: 'second', bootId: null } })).toEqual(granted('moved'))
    // The agent may have restarted since a person allowed it.
    expect(judge({ ...moved, allowed: { instance: 'earlier', bootId: 'b2' } })).toEqual(granted('moved'))
    expect(judge({ ...moved, allowed: { instance: 'earlier', bootId: 'b3' } })).toEqual(refused('machine'))
    expect(judge({ ...moved, allowed: { instance: 'earlier', bootId: null } })).toEqual(refused('machine'))
  })
})

test.each([
  ['a boot', {}, {}, 'same boot'],
  ['a boot in which a card was plugged in', {}, { hardware: ['usb'] }, 'same boot'],
  ['another boot', {}, { bootId: 'b2' }, 'same machine'],
  ['a copied disk in other hardware', {}, { bootId: 'b2', hardware: ['eth2'] }, 'other machine'],
  ['a new system on the same hardware', {}, { bootId: 'b2', machineId: 'm2' }, 'other machine'],
  ['a card more', {}, { bootId: 'b2', hardware: ['eth1', 'usb'] }, 'same machine'],
  ['an unknown id, the same card', { machineId: null }, { bootId: 'b2' }, 'same machine'],
  ['the same engine alone', { machineId: null, hardware: [] }, { bootId: 'b2' }, 'same machine'],
  ['nothing in common', { machineId: null, hardware: [], engineId: null }, { bootId: 'b2' }, 'other machine'],
  [
    'systems that tell nothing but a name',
    { machineId: null, hardware: [], engineId: null, bootId: null },
    { machineId: null, hardware: [], engineId: null, bootId: null },
    'same machine',
  ],
] as const)('%s', (_, first, second, expected) => {
  const [a, b] = [first, second].map((facts: Partial<MachineFacts>) =>
    pi({ ...facts, hardware: [...(facts.hardware ?? ['eth1'])] }),
  )
  if (!a || !b) throw new Error('two machines are compared')
  expect(kinship(a, b)).toBe(expected)
  expect(kinship(b, a)).toBe(expected)
})
