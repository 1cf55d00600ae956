/** The pure parts of the chaos harness: its schedule, and what it calls a violation. */
import { readFileSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { breaks } from '@/tests/chaos/breaks'
import { checkContents } from '@/tests/chaos/checks/content'
import { CutOff, Reservations } from '@/tests/chaos/checks/engines'
import { Speakers } from '@/tests/chaos/checks/identity'
import { mixedWriters } from '@/tests/chaos/checks/records'
import { checkSecrets } from '@/tests/chaos/checks/secrets'
import { judgementProblem } from '@/tests/chaos/checks/slowness'
import { chainProblem, checkAccepted, checkCapacity, checkHolders, isLiveHolder } from '@/tests/chaos/checks/tables'
import type { FoundContainer } from '@/tests/chaos/containers'
import type { Database } from '@/tests/chaos/database'
import { images, restartsByItself } from '@/tests/chaos/images'
import { Ledger } from '@/tests/chaos/ledger'
import type { Program } from '@/tests/chaos/program'
import { verdictOf } from '@/tests/chaos/report'
import { type FaultKind, planFaults } from '@/tests/chaos/schedule'
import type { DeploymentRow, ReplicaRow, Snapshot, SpeakerRow } from '@/tests/chaos/snapshot'
import { outagesOf, type Spell, Timeline } from '@/tests/chaos/timeline'
import { Wire } from '@/tests/chaos/wire'

const options = { seed: 7, durationMs: 600_000, gapMs: 5_000, fleets: 6, engines: 3 }

describe('the schedule of faults', () => {
  test('is the same for the same seed and differs for another seed', () => {
    expect(planFaults(options)).toEqual(planFaults(options))
    expect(planFaults({ ...options, seed: 8 })).not.toEqual(planFaults(options))
  })

  test('never attacks a target that is under attack, and undoes everything in time', () => {
    const free = new Map<string, number>()
    const kinds = new Set<string>()
    for (const { atMs, forMs, targets, kind } of planFaults({ ...options, durationMs: 3_600_000 })) {
      kinds.add(kind)
      expect(atMs + forMs).toBeLessThanOrEqual(3_600_000)
      for (const target of targets) {
        expect(atMs).toBeGreaterThanOrEqual(free.get(target) ?? 0)
        free.set(target, atMs + forMs)
      }
    }
    const ofPrograms = ['cut', 'deafen', 'kill', 'pause', 'storm']
    const around = ['clock', 'clone', 'freeze', 'obstruct', 'overload']
    expect([...kinds].sort()).toEqual([...ofPrograms, ...around].sort())
    expect(free.size).toBe(4 + 6 + 3 + 3)
  })

  test('has each fault around the programs in the run of the tests, and a web server outage longer than the limit', () => {
    const faults = planFaults({ seed: 760, durationMs: 75_000, gapMs: 4_000, fleets: 3, engines: 0 })
    const kinds = new Set(faults.map(({ kind }) => kind))
    expect(
      ['clock', 'clone', 'freeze', 'obstruct', 'overload'].filter((kind) => !kinds.has(kind as FaultKind)),
    ).toEqual([])
    expect(Math.max(...faults.filter(({ kind }) => kind === 'overload').map(({ forMs }) => forMs))).toBeGreaterThan(
      21_000,
    )
  })
})

describe('a history', () => {
  const row = (old_status: string, new_status: string) => ({
    subject: 'd',
    old_status,
    new_status,
    changed_by: 'a',
    reason: 'b',
  })
  const problem = (status: string | undefined, ...steps: [string, string][]) =>
    chainProblem({ of: 'deployment', rows: steps.map(([from, to]) => row(from, to)), status })

  test('is consistent when each step follows the previous one and the last one is the status of the row', () => {
    expect(problem('running', ['none', 'pending'], ['pending', 'scheduled'], ['scheduled', 'running'])).toBeNull()
  })

  test.each([
    ['a gap', problem('running', ['none', 'pending'], ['scheduled', 'running']), 'follows pending'],
    ['a missing beginning', problem('running', ['scheduled', 'running']), 'follows none'],
    [
      'a step that is not in the table',
      problem('running', ['none', 'pending'], ['pending', 'deleted'], ['deleted', 'running']),
      'no way',
    ],
    [
      'a step inside a status of a deployment',
      problem('pending', ['none', 'pending'], ['pending', 'pending']),
      'no way',
    ],
    ['a change without its row', problem('running', ['none', 'pending']), 'the row says running'],
    ['no history at all', problem('pending'), 'the row says pending'],
    ['a history of nothing', problem(undefined, ['none', 'pending']), 'does not exist'],
  ])('reports %s', (_, found, message) => expect(found).toContain(message))
})

describe('the checks of the tables', () => {
  const found = (check: (ledger: Ledger) => void): string[] => {
    const ledger = new Ledger(() => undefined)
    check(ledger)
    return ledger.violations.map(({ what }) => what)
  }
  const deployment = (overrides: Partial<DeploymentRow> = {}): DeploymentRow => ({
    id: 'd',
    name: 'chaos-1',
    status: 'running',
    target_replicas: 1,
    revision: 1,
    wait_for_capacity: false,
    container_image: 'sim/ok',
    resources: 1,
    ...overrides,
  })
  const replica = (overrides: Partial<ReplicaRow> = {}): ReplicaRow => ({
    id: 'r',
    deployment_id: 'd',
    node_id: 'n',
    node_name: 'node-01',
    slot: 0,
    generation: 1,
    revision: 1,
    status: 'running',
    wanted: 'run',
    reserved: true,
    container_id: 'c',
    started_at: new Date(0),
    ...overrides,
  })
  const snapshot = (overrides: Partial<Snapshot>): Snapshot => ({
    nodes: [],
    deployments: [deployment()],
    replicas: [],
    speakers: [],
    images: [],
    ...overrides,
  })
  const node = (reserved: number, held: number) => ({
    ...{ id: 'n', node_id: 'node-01', status: 'active', capacity: [4000, 8192, 100, 0] },
    ...{ reserved: [reserved, 0, 0, 0], held: [held, 0, 0, 0] },
  })

  test('find a node whose reservations exceed its capacity, or differ from the sum over its replicas', () => {
    expect(found((ledger) => checkCapacity(ledger, snapshot({ nodes: [node(4000, 4000)] })))).toEqual([])
    expect(found((ledger) => checkCapacity(ledger, snapshot({ nodes: [node(4500, 4500)] })))).toHaveLength(1)
    expect(found((ledger) => checkCapacity(ledger, snapshot({ nodes: [node(500, 1000)] })))).toHaveLength(1)
  })

  test('find two live replicas of a slot, and more live replicas than desired', () => {
    const two = [replica(), replica({ id: 's', generation: 2 })]
    expect(found((ledger) => checkHolders(ledger, snapshot({ replicas: two })))).toHaveLength(2)
    const updating = [replica(), replica({ id: 's', generation: 2, revision: 2 })]
    expect(found((ledger) => checkHolders(ledger, snapshot({ replicas: updating })))).toEqual([])
    const twice = [...updating, ...updating.map((one) => ({ ...one, id: `${one.id}2`, slot: 1 }))]
    const target = { deployments: [deployment({ target_replicas: 2 })] }
    expect(found((ledger) => checkHolders(ledger, snapshot({ ...target, replicas: twice })))).toHaveLength(1)
    const ended = [replica({ wanted: 'stop' }), replica({ id: 's', generation: 2 })]
    expect(found((ledger) => checkHolders(ledger, snapshot({ replicas: ended })))).toEqual([])
    expect(isLiveHolder(replica({ status: 'lost' }))).toBe(false)
  })

  test('find an acknowledged deployment that is missing, or differs', () => {
    const entry = {
      name: 'chaos-1',
      key: 'k',
      image: 'sim/ok',
      waits: false,
      replicas: 1,
      id: 'd',
      deleted: false,
      busy: false,
      revision: 1,
    }
    const accepted = (rows: DeploymentRow[], overrides = {}) =>
      found((ledger) => checkAccepted(ledger, snapshot({ deployments: rows }), [{ ...entry, ...overrides }]))
    expect(accepted([deployment()])).toEqual([])
    expect(accepted([])).toEqual(['chaos-1 was answered 202 and does not exist'])
    expect(accepted([deployment({ target_replicas: 3 })])).toHaveLength(1)
    expect(accepted([deployment()], { deleted: true })).toHaveLength(1)
    expect(accepted([deployment({ status: 'deleted' })], { deleted: true })).toEqual([])
  })

  const container = (content = 'sha256:a'): FoundContainer => ({
    ...{ id: 'c', nodeId: 'n', deploymentId: 'd', replicaId: 'r', slot: 0, generation: 1, createdAt: 0 },
    ...{ state: 'running', health: null, host: 'fleet-1', image: 'sim/ok', content },
  })

  test('find a container that stopped while its node was cut off, unless its image or the tables explain it', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const cut = async (image: string, { isLeaving = false, ranOn = false } = {}) => {
      const ledger = new Ledger(() => undefined)
      let there: FoundContainer[] = [{ ...container(), image }]
      const cutOff = new CutOff({ inspectHost: async () => there }, () => isLeaving)
      const begun = cutOff.begin('fleet-1')
      await vi.advanceTimersByTimeAsync(10_000)
      await begun
      if (!ranOn) there = there.map((each) => ({ ...each, state: 'exited' }))
      await cutOff.end(ledger, 'fleet-1')
      return ledger.violations.length
    }
    expect(await cut('sim/ok')).toBe(1)
    expect(await cut('sim/ok', { ranOn: true })).toBe(0)
    expect(await cut('sim/ok', { isLeaving: true })).toBe(0)
    // Its containers end, or are ended because they are not healthy, and are started again.
    for (const { image } of images.filter(({ restarts }) => restarts)) expect(await cut(image)).toBe(0)
    for (const image of ['sim/unhealthy', 'sim/crash:2s']) expect(restartsByItself(image)).toBe(true)
  })

  test('find a container that outlives its reservation, unless it went between two looks', () => {
    const rounds = (...rounds: { there: boolean; reserved: boolean }[]) =>
      found((ledger) => {
        const reservations = new Reservations()
        for (const { there, reserved } of rounds)
          reservations.check(ledger, snapshot({ replicas: reserved ? [replica()] : [] }), there ? [container()] : [])
      })
    const [held, given, gone] = [
      { there: true, reserved: true },
      { there: true, reserved: false },
      { there: false, reserved: false },
    ]
    expect(rounds(held, given, gone)).toEqual([])
    expect(rounds(held, given, given)).toHaveLength(1)
  })

  test('find a container that runs another image than its revision', () => {
    const image = { deployment_id: 'd', revision: 1, digest: 'sha256:a', image_id: 'sha256:b' }
    const contents = (content: string, images = [image]) =>
      found((ledger) => checkContents(ledger, snapshot({ replicas: [replica()], images }), [container(content)]))
    expect(contents('sha256:a')).toEqual([])
    expect(contents('sha256:b')).toEqual([])
    expect(contents('sha256:c')).toHaveLength(1)
    expect(contents('sha256:a', [])).toHaveLength(1)
    expect(contents('sha256:a', [{ ...image, revision: 2 }])).toHaveLength(1)
  })

  test('find a clone that speaks for nodes, and two agents that do', async () => {
    const row = { instance: 'i', holder: '1 100', second: null, nodes: ['f1-01', 'f1-02'], mixed: false }
    const nobody = { query: async () => ({ rows: [row] }) } as unknown as Database
    const speaking = async (overrides: Partial<SpeakerRow>, isClone = false) => {
      const ledger = new Ledger(() => undefined)
      const speakers = new Speakers(nobody, ledger, new Timeline())
      const clone = { name: 'clone-of-fleet-1', pid: process.pid } as Program
      const noted = await speakers.noteClone(clone, { of: 'fleet-1', first: 'i', startedAt: new Date() })
      speakers.check([{ ...row, ...overrides, ...(isClone ? { holder: noted.process } : {}) }])
      return ledger.violations.map(({ what }) => what)
    }
    expect(await speaking({})).toEqual([])
    expect(await speaking({}, true)).toEqual(['A clone speaks for f1-01, f1-02'])
    expect(await speaking({ mixed: true })).toEqual(['Two agents speak for nodes of one program: f1-01, f1-02'])
  })

  test('find a node or replica that was given up without an outage that explains it', () => {
    const at = (seconds: number) => new Date(seconds * 1_000)
    const spell = (kind: FaultKind, target: string, from: number, until: number): Spell => ({
      ...{ kind, target, fromMs: from * 1_000, untilMs: until * 1_000 },
    })
    const offline = (seconds: number, ...spells: Spell[]) =>
      judgementProblem({ what: 'offline', node: 'f2-1', at: at(seconds), reason: 'No heartbeat', image: null }, spells)
    expect(offline(120, spell('cut', 'fleet-2', 100, 130))).toBeNull()
    expect(offline(120, spell('cut', 'fleet-1', 100, 130))).toContain('nothing was done to it')
    expect(offline(120, spell('freeze', 'fleet-2', 100, 130))).not.toBeNull()
    expect(offline(120, spell('overload', 'web', 80, 130))).not.toBeNull()
    // Too early, and too late.
    expect(offline(104, spell('cut', 'fleet-2', 100, 130))).not.toBeNull()
    expect(offline(160, spell('cut', 'fleet-2', 100, 130))).not.toBeNull()
    // The node was back while no server listened, and was cut off again before any could have received a heartbeat.
    expect(offline(160, spell('cut', 'fleet-2', 100, 130), spell('pause', 'web', 125, 150))).toBeNull()
    expect(offline(138, spell('cut', 'fleet-2', 100, 130), spell('kill', 'fleet-2', 132, 133))).toBeNull()
    expect(outagesOf('real-1', [spell('kill', 'engine-1', 1, 2), spell('cut', 'engine-1', 50, 60)])).toEqual([
      { fromMs: 50_000, untilMs: 80_000 },
    ])
    const lost = {
      what: 'lost',
      node: 'f2-1',
      reason: 'Node f2-1 has been offline for over 30 s',
      image: 'sim/ok',
    } as const
    const cut = [spell('cut', 'fleet-2', 100, 160)]
    expect(judgementProblem({ ...lost, at: at(115) }, cut)).not.toBeNull()
    expect(judgementProblem({ ...lost, at: at(130) }, cut)).toBeNull()
    const failed = { what: 'failed', node: 'f2-1', at: at(130), reason: 'exit 1' } as const
    expect(judgementProblem({ ...failed, image: 'sim/ok' }, cut)).not.toBeNull()
    expect(judgementProblem({ ...failed, image: 'sim/crash:2s' }, cut)).toBeNull()
  })

  test('find secrets in plain text and as hexadecimal digits', () => {
    const secret = 'a-canary'
    const search = (text: string) =>
      found((ledger) => checkSecrets(ledger, [secret], { folders: {}, texts: { log: text } }))
    expect(search('nothing to see')).toEqual([])
    expect(search(`TOKEN=${secret}`)).toHaveLength(1)
    expect(search(Buffer.from(secret).toString('hex'))).toHaveLength(1)
  })
})

test('a term that writes after a later one began is reported, one that merely follows another is not', () => {
  const commits = (...writers: string[]) => writers.map((writer, seq) => ({ writer, seq }))
  expect(mixedWriters(commits('a', 'a', 'b', 'b', 'c'))).toEqual([])
  expect(mixedWriters(commits('a', 'b', 'a'))).toEqual(['a'])
})

test('a check that never ran counts as failed', () => {
  expect(verdictOf({ counts: {}, violations: [] }).held).toEqual([])
  expect(verdictOf({ counts: { history: 3 }, violations: [] }).held).toEqual(['history'])
})

test.each(Object.entries(breaks))('the break %s still fits the source', (_, { patches = [], sql }) => {
  expect(patches.length + (sql ? 1 : 0)).toBeGreaterThan(0)
  for (const { file, find } of patches) expect(readFileSync(file, 'utf8').split(find), file).toHaveLength(2)
})

describe('a wire', () => {
  const closers: (() => void)[] = []
  afterEach(() => {
    for (const close of closers.splice(0)) close()
  })

  /** A server that echoes what it gets, and a wire to it. */
  async function echo(): Promise<{
    wire: Wire
    /** The client ports that the server saw, in the order of the connections. */
    ports: number[]
    dial: (hello: string) => Promise<{ socket: Socket; received: () => string; isClosed: () => boolean }>
  }> {
    const ports: number[] = []
    const server = createServer((socket) => {
      ports.push(socket.remotePort ?? 0)
      socket.on('error', () => undefined).pipe(socket)
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const address = server.address()
    const wire = new Wire(() => (typeof address === 'object' ? (address?.port ?? 0) : 0))
    const port = await wire.open()
    closers.push(
      () => wire.close(),
      () => server.close(),
    )
    return {
      wire,
      ports,
      dial: async (hello) => {
        const socket = createConnection(port, '127.0.0.1')
        let [text, closed] = ['', false]
        socket.setEncoding('utf8').on('data', (data) => {
          text += data
        })
        socket.on('close', () => {
          closed = true
        })
        closers.push(() => socket.destroy())
        socket.write(hello)
        return { socket, received: () => text, isClosed: () => closed }
      },
    }
  }

  test('that is cut passes on nothing, and delivers everything once restored', async () => {
    const { wire, dial } = await echo()
    const { socket, received, isClosed } = await dial('one ')
    await expect.poll(received).toBe('one ')
    wire.cut()
    socket.write('two ')
    const late = await dial('three')
    await sleep(100)
    expect([received(), late.received(), isClosed()]).toEqual(['one ', '', false])
    wire.heal()
    await expect.poll(received).toBe('one two ')
    await expect.poll(late.received).toBe('three')
  })

  test('can be cut for a single connection', async () => {
    const { wire, dial, ports } = await echo()
    const first = await dial('first ')
    await expect.poll(first.received).toBe('first ')
    const other = await dial('other ')
    await expect.poll(other.received).toBe('other ')
    expect(wire.cutOne(ports[0] ?? 0)).toBe(true)
    first.socket.write('again')
    other.socket.write('again')
    await expect.poll(other.received).toBe('other again')
    expect(first.received()).toBe('first ')
  })
})
