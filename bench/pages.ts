/** What pages cost a browser when the fleet is large. npm run bench -- pages */
import { chromium } from '@playwright/test'
import settings from '@/playwright.config'
import { createUser } from '@/server/store/accounts/users'
import type { Speaker } from '@/server/store/agents/identities'
import { createAgentInbox } from '@/server/store/agents/inbox'
import { Product } from '@/testing/product'
import { newSpeaker } from './common/agents'
import { seedBigFleet } from './common/big-fleet'
import { brief, median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { learn, type Scratch, withScratchDatabase } from './common/scratch'
import { heapOver } from './pages/heap'
import { previewTimes } from './pages/preview'
import { signIn } from './pages/session'
import { type Figure, type Measured, visit } from './pages/visit'
import { visits } from './pages/visits'

const program = benchmark(
  'pages',
  `Pages of the production build in headless Chromium, with 10,000 nodes and 30,000 replicas in the database, 1,000 of the nodes
beating every 5 seconds. For each page: the first content and all of it, the largest of the layout shifts' sums, the slowest
answer to a key or a click, the longest task and how many took over 100 ms, and the script of a first visit. Then how long the
preview takes from a keystroke to painted bars, and the heap while pages stay open for so many minutes.`,
  { nodes: 10_000, deployments: 10_000, beating: 1_000, rounds: 5, minutes: 3 },
)
const nodes = program.number('nodes')
const beating = Math.min(nodes, program.number('beating'))
const rounds = program.number('rounds')

/** Some nodes send heartbeats every five seconds, the others every two minutes, which the settings here allow. */
function beatOn({ store }: Scratch, { ids, speaker }: { ids: string[]; speaker: Speaker }): () => void {
  const inbox = createAgentInbox(store)
  const callsPerSecond = 4
  let call = 0
  const timer = setInterval(() => {
    call += 1
    const due = ids.filter((_, i) => {
      const every = (i < beating ? 5 : 120) * callsPerSecond
      return i % every === call % every
    })
    const beats = due.map((nodeId, i) => ({
      ...{ nodeId, engineError: null, revision: '0', reportsWaiting: false },
      cpuUsagePercent: 20 + ((i + call) % 60),
      memoryUsagePercent: 30 + ((i + call) % 40),
    }))
    void inbox.heartbeat(speaker, beats)
  }, 1000 / callsPerSecond)
  return () => clearInterval(timer)
}

await withScratchDatabase(async (scratch) => {
  const speaker = newSpeaker()
  const ids = await seedBigFleet(scratch, { nodes, deployments: program.number('deployments'), speaker })
  await scratch.store.pool.query(
    `insert into settings (key, value, updated_by, updated_at) values ('heartbeat', '{"everySeconds":5,"limitSeconds":600}', 'bench', now())`,
  )
  await learn(scratch)
  const stopBeats = beatOn(scratch, { ids, speaker })
  const product = await Product.prepare({ name: 'bench-pages', fleet: 'none', env: { DATABASE_URL: scratch.url } })
  const browser = await chromium.launch(settings.use?.launchOptions)
  try {
    await createUser(scratch.store, scratch.actor, { username: 'admin', password: product.password, role: 'admin' })
    await product.start()
    const session = await signIn(browser, product)
    const { rows } = await scratch.store.pool.query<{ id: string }>('select id from deployments order by name limit 1')
    const all = visits({ node: ids[0] ?? '', deployment: rows[0]?.id ?? '' })
    const measured = new Map<string, Measured[]>(all.map(({ name }) => [name, []]))
    // The first visit of each page makes the server load its code, and is not measured.
    for (const one of all) await visit(browser, session, one)
    for (let round = 0; round < rounds; round++)
      for (const one of all) measured.get(one.name)?.push(await visit(browser, session, one))
    const pages = [...measured].map(([name, times]) => {
      const of = (key: Figure): number => median(times.map((one) => one[key]))
      const most = (key: Figure): number => Math.max(...times.map((one) => one[key]))
      return {
        name,
        firstMs: of('firstMs'),
        wholeMs: of('wholeMs'),
        shift: most('shift'),
        moved: times.reduce((most, one) => (one.shift > most.shift ? one : most)).moved,
        slowestMs: of('slowestMs'),
        slowestOfAllMs: most('slowestMs'),
        longestTaskMs: of('longestTaskMs'),
        longTasks: most('longTasks'),
        scriptKb: of('scriptKb'),
      }
    })
    print(`${nodes} nodes, ${beating} of them beating every 5 s; medians of ${rounds} visits, or the most of any\n`)
    print(
      tableText(
        [
          'page',
          '',
          'first content ms',
          'whole ms',
          'layout shift, most',
          'slowest answer ms',
          'most',
          'longest task ms',
          'tasks > 100 ms, most',
          'script kB',
        ],
        pages.map((one) => [
          one.name,
          '',
          one.firstMs.toFixed(0),
          one.wholeMs.toFixed(0),
          one.shift.toFixed(3),
          one.slowestMs.toFixed(0),
          one.slowestOfAllMs.toFixed(0),
          one.longestTaskMs.toFixed(0),
          one.longTasks.toFixed(0),
          one.scriptKb.toFixed(0),
        ]),
      ),
    )
    for (const { name, shift, moved } of pages) if (shift > 0.02) print(`\n${name}: what moved most, ${moved}`)
    const previews = await previewTimes(browser, session, 4 * rounds)
    print(
      `\nPreview, from a keystroke to painted bars: median ${median(previews).toFixed(0)} ms, most ${Math.max(...previews).toFixed(0)} ms of ${previews.length}\n`,
    )
    const heap = await heapOver(browser, session, program.number('minutes'))
    print(
      tableText(
        ['heap after a collection, MB', '', 'after 1 minute', 'at the end', 'most'],
        Object.entries(heap).map(([path, megabytes]) => [
          path,
          '',
          brief(megabytes[0] ?? null),
          brief(megabytes.at(-1) ?? null),
          brief(Math.max(...megabytes)),
        ]),
      ),
    )
    program.save({ pages, previews, heap })
  } finally {
    await browser.close()
    await product.remove()
    stopBeats()
  }
})
