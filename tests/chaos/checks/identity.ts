/** A node's identity speaks from one machine at a time: the harness starts second agents and then reads the tables. */
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '@/agent/lib/lock'
import type { Database } from '@/tests/chaos/database'
import type { Ledger } from '@/tests/chaos/ledger'
import type { Program } from '@/tests/chaos/program'
import { type SpeakerRow, speakersSql } from '@/tests/chaos/snapshot'
import { programOf, type Timeline, wasBehind } from '@/tests/chaos/timeline'

interface Clone {
  /** The program that was copied: fleet-1, agent-1. */
  of: string
  /** Process id and start. */
  process: string
  startedAt: Date
  /** Who spoke for the nodes before, and must keep them. */
  first: string | null
}

/** Repeated refusals are one event of a node, and so are several copies within a minute. */
const eventEveryMs = 90_000

export class Speakers {
  /** Processes of all clones so far. None of them may ever hold a node. */
  private readonly clones = new Set<string>()
  private readonly lastOf = new Map<string, Clone>()

  constructor(
    private readonly database: Database,
    private readonly ledger: Ledger,
    private readonly timeline: Timeline,
  ) {}

  /** At any moment one instance holds the nodes of a program, and it is not a clone. */
  check(speakers: readonly SpeakerRow[]): void {
    for (const speaker of speakers) {
      const name = speaker.nodes[0] ?? ''
      const isClone = speaker.holder !== null && this.clones.has(speaker.holder)
      this.ledger.check('identity', !isClone, `holder ${name}`, () => ({
        what: `A clone speaks for ${speaker.nodes.join(', ')}`,
        evidence: speaker,
      }))
      this.ledger.check('identity', !speaker.mixed, `mixed ${name}`, () => ({
        what: `Two agents speak for nodes of one program: ${speaker.nodes.join(', ')}`,
        evidence: speaker,
      }))
    }
  }

  /** Null while the holder is not the program of the harness, which may just be starting. */
  async holderOf(program: Program): Promise<string | null> {
    const own = await this.speakerOf(program.name)
    if (program.pid === null || own?.holder !== (await processOf(program.pid))) return null
    return own.instance
  }

  /** @param startedAt a time before the clone was started. */
  async noteClone(clone: Program, { of, first, startedAt }: Pick<Clone, 'of' | 'first' | 'startedAt'>): Promise<Clone> {
    const process = clone.pid === null ? '' : await processOf(clone.pid)
    this.clones.add(process)
    return { of, process, startedAt, first }
  }

  /** Called when the time of the clone is over. Nothing can refuse it while no server answers. */
  async checkRefusal(clone: Clone): Promise<void> {
    const { of, process, first, startedAt } = clone
    const own = await this.patiently(() => this.speakerOf(of))
    const named = await this.patiently(() => this.isNamed(own?.nodes ?? [], startedAt))
    const isRefused = own?.second === process
    if (!isRefused && wasBehind(this.timeline.spells, startedAt.getTime(), Date.now())) return
    const before = this.lastOf.get(of)
    this.lastOf.set(of, clone)
    const id = `clone ${process}`
    this.ledger.check('identity', isRefused, `${id} refused`, () => ({
      what: `A clone of ${of} was not refused`,
      evidence: { clone, own },
    }))
    this.ledger.check('identity', own?.instance === first, `${id} first`, () => ({
      what: `${of} does not speak for its nodes any more after a clone of it came`,
      evidence: { clone, own },
    }))
    const isEventDue = !before || startedAt.getTime() - before.startedAt.getTime() > eventEveryMs
    if (isEventDue)
      this.ledger.check('identity', named === true, `${id} named`, () => ({
        what: `No event of the nodes of ${of} names the clone`,
        evidence: { clone, own },
      }))
  }

  private async speakerOf(program: string): Promise<SpeakerRow | null> {
    const { rows } = await this.database.query<SpeakerRow>(speakersSql)
    return rows.find(({ nodes }) => nodes.some((node) => programOf(node) === program)) ?? null
  }

  /** Each of the nodes has had an event since then. */
  private async isNamed(nodes: string[], since: Date): Promise<boolean> {
    const { rows } = await this.database.query<{ all: boolean | null }>(
      `select bool_and(exists (select 1 from node_events e where e.node_id = n.id and e.kind = 'refused' and e.at >= $2)) as all
       from nodes n where n.node_id = any($1::text[]) and n.removed_at is null`,
      [nodes, since],
    )
    return rows[0]?.all === true
  }

  /** Retries, because the database may be away. */
  private async patiently<T>(read: () => Promise<T>): Promise<T | null> {
    for (let tries = 0; tries < readTries; tries += 1) {
      const answer = await read().catch(() => undefined)
      if (answer !== undefined) return answer
      await sleep(1_000)
    }
    return null
  }
}

const readTries = 10

const processOf = async (pid: number): Promise<string> => `${pid} ${await processStart(pid)}`
