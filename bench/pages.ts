/** What pages cost a browser with a large fleet behind them. npm run bench -- pages */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from '@playwright/test'
import { fillSignIn } from '@/e2e/fixtures'
import { Product } from '@/e2e/product'
import settings from '@/playwright.config'
import { createAgentInbox } from '@/server/store/agent-inbox'
import { createUser } from '@/server/store/users'
import { newCredential } from './common/agents'
import { seedBigFleet } from './common/big-fleet'
import { brief, median, tableText } from './common/measure'
import { benchmark, print } from './common/program'
import { learn, type Scratch, withScratchDatabase } from './common/scratch'

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

/** What the page notes while somebody uses it; installed before its own scripts. */
interface Noted {
  firstMs: number
  shift: number
  /** What moved in the largest shift. */
  moved: { value: number; what: string }
  slowestMs: number
  tasks: number[]
}
declare global {
  interface Window {
    noted: Noted
  }
}

function note(): void {
  const noted: Noted = { firstMs: 0, shift: 0, moved: { value: 0, what: '' }, slowestMs: 0, tasks: [] }
  window.noted = noted
  const observe = (type: string, see: (entry: PerformanceEntry) => void, more: object = {}): void =>
    new PerformanceObserver((list) => list.getEntries().forEach(see)).observe({ type, buffered: true, ...more })
  observe('paint', ({ name, startTime }) => {
    if (name === 'first-contentful-paint') noted.firstMs = startTime
  })
  observe('layout-shift', (entry) => {
    const { value, hadRecentInput, sources, startTime } = entry as LayoutShift
    if (hadRecentInput) return
    noted.shift += value
    if (value < noted.moved.value) return
    const what = sources.map(({ node, previousRect, currentRect }) => {
      const element = node instanceof Element ? node : node?.parentElement
      const words = (element?.textContent ?? '').slice(0, 40)
      return `${element?.tagName.toLowerCase()} “${words}” from ${Math.round(previousRect.top)} to ${Math.round(currentRect.top)} px`
    })
    noted.moved = { value, what: `at ${Math.round(startTime)} ms: ${what.join(', ')}` }
  })
  observe(
    'event',
    (entry) => {
      const { interactionId = 0 } = entry as PerformanceEntry & { interactionId?: number }
      if (interactionId > 0) noted.slowestMs = Math.max(noted.slowestMs, entry.duration)
    },
    { durationThreshold: 16 },
  )
  observe('longtask', ({ duration }) => void noted.tasks.push(duration))
}

/** Functions that are sent to a page were compiled to call this. */
const names = 'globalThis.__name = (one) => one'

/** Not in TypeScript's library. */
interface LayoutShift extends PerformanceEntry {
  value: number
  hadRecentInput: boolean
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[]
}

interface Visit {
  name: string
  path: string
  /** What somebody does there. */
  use: (page: Page) => Promise<void>
}

async function search(page: Page, text: string): Promise<void> {
  await page.getByRole('searchbox').first().pressSequentially(text, { delay: 60 })
  await sleep(500)
}

async function sort(page: Page): Promise<void> {
  const heads = page.getByRole('table').first().locator('thead').getByRole('button')
  for (let i = 0; i < Math.min(3, await heads.count()); i++) {
    await heads.nth(i).click()
    await sleep(400)
  }
}

async function scroll(page: Page): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await page.mouse.wheel(0, 600)
    await sleep(80)
  }
}

async function palette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await page.keyboard.type('node', { delay: 60 })
  await sleep(400)
  await page.keyboard.press('Escape')
}

const visits = ({ node, deployment }: { node: string; deployment: string }): Visit[] => [
  { name: 'Overview', path: '/', use: palette },
  {
    name: 'Nodes',
    path: '/nodes',
    use: async (page) => {
      await sort(page)
      await scroll(page)
      await search(page, 'node-0099')
    },
  },
  {
    name: 'Map of the nodes',
    path: '/nodes?view=map',
    use: async (page) => {
      await scroll(page)
      await page.mouse.move(600, 400)
      await search(page, 'node-0099')
    },
  },
  { name: 'Node', path: `/nodes/${node}`, use: palette },
  {
    name: 'Deployments',
    path: '/deployments',
    use: async (page) => {
      await sort(page)
      await scroll(page)
      await search(page, 'app-99')
    },
  },
  {
    name: 'Deployment',
    path: `/deployments/${deployment}`,
    use: async (page) => {
      for (const tab of ['Timeline', 'History', 'Placement']) {
        await page.getByRole('tab', { name: tab }).click()
        await sleep(400)
      }
    },
  },
  {
    name: 'Deploy',
    path: '/deployments/new',
    use: async (page) => {
      await page.getByLabel('Name', { exact: true }).pressSequentially('web-api', { delay: 60 })
      await page.getByLabel('CPU', { exact: true }).fill('1')
      await page.getByLabel('Region', { exact: true }).pressSequentially('region-3', { delay: 60 })
      await sleep(500)
    },
  },
  { name: 'Scores', path: '/scores', use: scroll },
  { name: 'Decisions', path: '/decisions', use: scroll },
  { name: 'Events', path: '/events', use: (page) => search(page, 'node-00') },
  { name: 'Time travel', path: '/history', use: scroll },
  { name: 'Failure drill', path: '/drill', use: scroll },
]

interface Measured {
  firstMs: number
  wholeMs: number
  shift: number
  moved: string
  slowestMs: number
  longestTaskMs: number
  longTasks: number
  scriptKb: number
}

type Figure = Exclude<keyof Measured, 'moved'>

/** A first visit with an empty cache, and some seconds of use. */
async function visit(browser: Browser, session: Session, { path, use }: Visit): Promise<Measured> {
  const context = await browser.newContext({ ...session, viewport: { width: 1440, height: 900 } })
  try {
    await context.addInitScript(names)
    await context.addInitScript(note)
    const page = await context.newPage()
    let scriptBytes = 0
    page.on('requestfinished', (request) => {
      if (request.resourceType() === 'script')
        void request.sizes().then(
          ({ responseBodySize }) => (scriptBytes += responseBodySize),
          () => undefined,
        )
    })
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    // What is still being read says so.
    await page.waitForFunction(() => document.querySelector('main .appear-late') === null)
    const wholeMs = await page.evaluate(() => performance.now())
    const scriptKb = scriptBytes / 1024
    await use(page)
    // Heartbeats come meanwhile.
    await sleep(3_000)
    const noted = await page.evaluate(() => window.noted)
    return {
      firstMs: noted.firstMs,
      wholeMs,
      shift: noted.shift,
      moved: noted.moved.what,
      slowestMs: noted.slowestMs,
      longestTaskMs: Math.max(0, ...noted.tasks),
      longTasks: noted.tasks.filter((ms) => ms > 100).length,
      scriptKb,
    }
  } finally {
    await context.close()
  }
}

interface Session {
  baseURL: string
  storageState: Awaited<ReturnType<BrowserContext['storageState']>>
}

async function signIn(browser: Browser, product: Product): Promise<Session> {
  const context = await browser.newContext({ baseURL: product.url })
  const page = await context.newPage()
  await page.goto('/login')
  await fillSignIn(page, 'admin', product.password)
  await page.waitForURL((url) => url.pathname !== '/login')
  const storageState = await context.storageState()
  await context.close()
  return { baseURL: product.url, storageState }
}

/** Milliseconds from each keystroke in the deploy form until the bars that it asks for are painted. */
async function previewTimes(browser: Browser, session: Session, keys: number): Promise<number[]> {
  const context = await browser.newContext({ ...session, viewport: { width: 1440, height: 900 } })
  await context.addInitScript(names)
  const page = await context.newPage()
  await page.goto('/deployments/new')
  // What the nodes have left.
  await page.getByLabel('CPU', { exact: true }).fill('0.5')
  await page.getByLabel('Memory', { exact: true }).fill('512')
  const preview = page.locator('main [aria-busy]').filter({ hasText: 'Would be chosen' })
  await preview.waitFor()
  await page.getByLabel('Replicas', { exact: true }).focus()
  const times: number[] = []
  for (let i = 0; i < keys; i++) {
    const painted = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let typedMs = 0
          document.addEventListener('input', () => (typedMs = performance.now()), { once: true, capture: true })
          const box = [...document.querySelectorAll('main [aria-busy]')].find((one) =>
            one.textContent?.includes('Would be chosen'),
          )
          let wasBusy = false
          const look = (seen: MutationRecord[]): void => {
            // It may have been for less than there is between two looks.
            if (seen.some(({ oldValue }) => oldValue === 'true')) wasBusy = true
            if (wasBusy && box?.getAttribute('aria-busy') !== 'true') {
              changes.disconnect()
              // After the frame that shows it.
              requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - typedMs)))
            }
          }
          const changes = new MutationObserver(look)
          changes.observe(document.querySelector('main') ?? document.body, {
            ...{ subtree: true, attributes: true, attributeOldValue: true, attributeFilter: ['aria-busy'] },
          })
        }),
    )
    await page.keyboard.press('Control+a')
    await page.keyboard.press(String(2 + (i % 4)))
    times.push(await painted)
    await sleep(700)
  }
  await context.close()
  return times
}

/** Megabytes after a collection, once a minute, of pages that are left open. */
async function heapOver(browser: Browser, session: Session, minutes: number): Promise<Record<string, number[]>> {
  const context = await browser.newContext({ ...session, viewport: { width: 1440, height: 900 } })
  const open: { path: string; devtools: CDPSession; megabytes: number[] }[] = []
  for (const path of ['/', '/nodes', '/nodes?view=map', '/deployments']) {
    const page = await context.newPage()
    await page.goto(path)
    open.push({ path, devtools: await context.newCDPSession(page), megabytes: [] })
  }
  for (let minute = 0; minute <= minutes; minute++) {
    await sleep(60_000)
    for (const { devtools, megabytes } of open) {
      await devtools.send('HeapProfiler.collectGarbage')
      const { usedSize } = await devtools.send('Runtime.getHeapUsage')
      megabytes.push(usedSize / 1024 / 1024)
    }
  }
  await context.close()
  return Object.fromEntries(open.map(({ path, megabytes }) => [path, megabytes]))
}

/** Some nodes every five seconds, the others every two minutes, which the settings here allow. */
function beatOn({ store }: Scratch, { ids, credential }: { ids: string[]; credential: string }): () => void {
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
      ...{ nodeId, engineError: null, revision: '0' },
      cpuUsagePercent: 20 + ((i + call) % 60),
      memoryUsagePercent: 30 + ((i + call) % 40),
    }))
    void inbox.heartbeat(credential, beats)
  }, 1000 / callsPerSecond)
  return () => clearInterval(timer)
}

await withScratchDatabase(async (scratch) => {
  const credential = newCredential()
  const ids = await seedBigFleet(scratch, { nodes, deployments: program.number('deployments'), credential })
  await scratch.store.pool.query(
    `insert into settings (key, value, updated_by, updated_at) values ('heartbeat', '{"everySeconds":5,"limitSeconds":600}', 'bench', now())`,
  )
  await learn(scratch)
  const stopBeats = beatOn(scratch, { ids, credential })
  const product = await Product.prepare({ name: 'bench-pages', fleet: 'none', env: { DATABASE_URL: scratch.url } })
  const browser = await chromium.launch(settings.use?.launchOptions)
  try {
    await createUser(scratch.store, scratch.actor, { username: 'admin', password: product.password, role: 'admin' })
    await product.start()
    const session = await signIn(browser, product)
    const { rows } = await scratch.store.pool.query<{ id: string }>('select id from deployments order by name limit 1')
    const all = visits({ node: ids[0] ?? '', deployment: rows[0]?.id ?? '' })
    const measured = new Map<string, Measured[]>(all.map(({ name }) => [name, []]))
    // A page's first visit of all makes the server read its code.
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
