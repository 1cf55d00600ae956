/**
 * The life cycle of an agent process: load the identity, claim the nodes, join, run, and rejoin when something changed.
 * The first join must succeed before anything runs; later joins happen in the background, so that a restart needs
 * neither token nor control plane. An agent never touches nodes that another process holds: it starts or stops nothing
 * until its claim was granted, or the control plane could not be reached.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { Engine } from '@/agent/engines/engine'
import { SharedImages } from '@/agent/images/shared'
import { Backoff } from '@/agent/lib/backoff'
import type { Clock } from '@/agent/lib/clock'
import { sleep } from '@/agent/lib/clock'
import { afterJoin, type Identity, newIdentity, readIdentity, writeIdentity } from '@/agent/lib/identity'
import { type Logger, messageOf } from '@/agent/lib/log'
import type { Random } from '@/agent/lib/random'
import { type ClaimOutcome, claimNodes } from '@/agent/transport/claim'
import { type ControlPlane, ControlPlaneError, type Speaker } from '@/agent/transport/control-plane'
import type { MachineFacts } from '@/core/agents/identity'
import type { NodeDescription } from '@/core/agents/protocol'
import { NodeLoop, type NodeLoopOptions, type NodeTiming } from './node'
import { Program } from './program'

const callTimeoutMs = 15_000

interface RunnerOptions {
  /** From the command line; by default the server that was joined before. */
  server: string | undefined
  token: string | null
  dataDir: string
  names: readonly string[]
  /** Describes each node, in the order of `names`; this may call the engine. */
  describe: () => Promise<NodeDescription[]>
  engineOf: (name: string) => Engine
  /** Whether saves of node states wait for fsync. */
  durable: boolean
  connect: (server: string, speaker: Speaker) => ControlPlane
  /** Facts that identify this machine and this process. */
  machine: () => Promise<MachineFacts>
  /** Called when a running agent can't continue. */
  onEnd: (error: Error) => void
  clock: Clock
  random: Random
  log: Logger
  timing?: Partial<NodeTiming>
}

/** A join that no retry can fix. The message says why. */
class JoinError extends Error {
  override readonly name = 'JoinError'
}

export class Runner {
  private identity: Identity = newIdentity('')
  private controlPlane: ControlPlane | null = null
  private program: Program | null = null
  private joining: Promise<void> | null = null
  private claiming: Promise<void> | null = null
  /** Id of this process, sent with every call: the control plane accepts only the process that holds the nodes. */
  private readonly instance = randomUUID()
  private rejectedAt = Number.NEGATIVE_INFINITY
  private readonly stopping = new AbortController()

  constructor(private readonly options: RunnerOptions) {}

  /** Resolves once the nodes run. */
  async start(): Promise<void> {
    const { dataDir, server, names, connect, log } = this.options
    const known = await readIdentity(dataDir)
    const address = server ?? known?.server
    if (!address) throw new JoinError('say with --server where the control plane is, such as http://localhost:3000')
    this.identity = { ...(known ?? newIdentity(address)), server: address }
    this.controlPlane = connect(address, { credential: this.identity.credential, instance: this.instance })
    // Saved before the join, so that an interrupted join is repeated with the same credential.
    await writeIdentity(dataDir, this.identity)
    if (names.every((name) => this.identity.nodes.some((node) => node.name === name))) {
      await this.untilAdmitted(await this.claimOnce())
      if (this.stopping.signal.aborted) return
      await this.runAndJoin()
    } else {
      log.info(`joining ${address}`)
      await this.join()
    }
  }

  /** Ends the loops; containers keep running. Waiting reports have `graceMs` to be sent. */
  async stop(graceMs?: number): Promise<void> {
    this.stopping.abort()
    await this.program?.stop(graceMs)
  }

  private async runAndJoin(): Promise<void> {
    await this.run()
    void this.join().catch((error) => this.options.log.error(messageOf(error)))
  }

  /** The outcome of a claim; null when the control plane is unreachable or does not know this agent. */
  private async claimOnce(): Promise<ClaimOutcome | null> {
    try {
      return await claimNodes(this.connection, await this.options.machine())
    } catch (error) {
      if (error instanceof ControlPlaneError) return null
      throw error
    }
  }

  /** Waits while another agent holds the nodes. Throws a JoinError when that agent runs on this machine. */
  private async untilAdmitted(first: ClaimOutcome | null): Promise<void> {
    const { clock, random, log } = this.options
    let said = ''
    for (let answer = first; answer !== null && answer.state !== 'granted'; ) {
      if (answer.state === 'refused' && answer.here) throw new JoinError(answer.why)
      if (answer.state !== said) log.error(answer.why)
      said = answer.state
      const pauseMs = answer.state === 'wait' ? 2_000 : 10_000
      await sleep(clock, pauseMs * (1 + random() / 2), this.stopping.signal)
      if (this.stopping.signal.aborted) return
      // An agent that was refused stays refused while nobody answers.
      answer = (await this.claimOnce()) ?? answer
    }
  }

  /** Claims the nodes after a call was refused for lack of the claim; stops when another process holds them. */
  private claimAgain(): Promise<void> {
    this.claiming ??= this.claimOrLetGo().finally(() => {
      this.claiming = null
    })
    return this.claiming
  }

  private async claimOrLetGo(): Promise<void> {
    const answer = await this.claimOnce()
    if (answer === null || answer.state === 'granted') return
    const { program } = this
    this.program = null
    await program?.stop(0)
    await this.untilAdmitted(answer).catch((error: Error) => {
      if (program) this.options.onEnd(error)
      throw error
    })
    if (program && !this.stopping.signal.aborted) await this.runAndJoin()
  }

  private join(): Promise<void> {
    this.joining ??= this.joinUntilAnswered().finally(() => {
      this.joining = null
    })
    return this.joining
  }

  private async joinUntilAnswered(): Promise<void> {
    const { clock, random, log } = this.options
    const backoff = new Backoff({ firstMs: 1_000, maxMs: 15_000 }, random)
    let said = ''
    while (!this.stopping.signal.aborted) {
      try {
        return await this.joinOnce()
      } catch (error) {
        const message = messageOf(error)
        const kind = error instanceof ControlPlaneError ? error.kind : null
        if (kind === 'not-holder') await this.claimAgain()
        else if (kind === 'refused' || kind === 'unauthorized') throw new JoinError(message)
        // While no node runs, an error such as a missing engine goes to the person at the terminal.
        if (!this.program && !(error instanceof ControlPlaneError)) throw error
        if (message !== said && kind !== 'not-holder') log.warn(`could not join yet, trying on: ${message}`)
        said = message
        await sleep(clock, backoff.next(), this.stopping.signal)
      }
    }
  }

  private async joinOnce(): Promise<void> {
    const { dataDir, token, log } = this.options
    const descriptions = await this.options.describe()
    const joined = await this.connection.join(token, descriptions, await this.options.machine())
    if (this.stopping.signal.aborted) return
    const before = idsOf(this.identity)
    this.identity = afterJoin(this.identity, joined)
    await writeIdentity(dataDir, this.identity)
    const count = joined.nodes.length
    log.info(count === 1 ? `joined as ${joined.nodes[0]?.name}` : `joined with ${count} nodes`)
    if (this.program && before === idsOf(this.identity)) return
    await this.program?.stop(0)
    await this.run()
  }

  private async run(): Promise<void> {
    const { clock, random, log, dataDir, durable, timing } = this.options
    const program = new Program({
      controlPlane: this.connection,
      heartbeatSeconds: this.identity.heartbeatSeconds,
      clock,
      random,
      log,
      onRejected: (message) => this.onRejected(message),
      onNotHolder: () => {
        this.claimAgain().catch((error) => log.error(messageOf(error)))
      },
    })
    const started = this.identity.nodes.filter(({ name }) => this.options.names.includes(name))
    this.warnOfOthers(this.identity.nodes.length - started.length)
    const images = new SharedImages(clock, (found) => this.connection.resolveImage(found, callTimeoutMs))
    for (const { id, name, formerIds } of started) {
      const stateFile = join(dataDir, 'nodes', `${name}.json`)
      const engine = this.options.engineOf(name)
      const resolveImage: NodeLoopOptions['resolveImage'] = (replica, found) => images.resolve(replica, found)
      const sharedImage: NodeLoopOptions['sharedImage'] = (replica) => images.of(replica)
      const shared = {
        clock,
        random,
        log,
        durable,
        resolveImage,
        sharedImage,
        ...program.outboxes,
        ...(timing ? { timing } : {}),
      }
      program.add(new NodeLoop({ id, name, formerIds, engine, stateFile, ...shared }))
    }
    this.program = program
    await program.start()
  }

  private warnOfOthers(count: number): void {
    if (count === 0) return
    const nodes = count === 1 ? 'One node' : `${count} nodes`
    this.options.log.warn(
      `${nodes} of this data folder did not start and will be offline: start with all of them again, or remove them on the page Nodes`,
    )
  }

  /** Rejoins after the nodes were removed or the database was replaced; this needs a token that is still valid. */
  private onRejected(message: string): void {
    const { clock, log, token } = this.options
    if (clock.now() - this.rejectedAt < 30_000) return
    this.rejectedAt = clock.now()
    if (token === null) {
      log.error(`${message} (start again with --token; containers are left as they are)`)
      return
    }
    this.join().catch((error) => log.error(messageOf(error)))
  }

  private get connection(): ControlPlane {
    if (!this.controlPlane) throw new Error('the runner has not been started')
    return this.controlPlane
  }
}

const idsOf = (identity: Identity): string =>
  identity.nodes
    .map((node) => `${node.name}=${node.id}`)
    .sort()
    .join()
