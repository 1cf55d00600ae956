/** What a visit of a page costs. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser } from '@playwright/test'
import { newWindow, type Session } from './session'
import type { Visit } from './visits'

/** What is recorded inside the page while it is used; installed before the page's own scripts. */
interface Noted {
  firstMs: number
  shift: number
  /** What moved in the largest layout shift. */
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
      const text = (element?.textContent ?? '').slice(0, 40)
      return `${element?.tagName.toLowerCase()} “${text}” from ${Math.round(previousRect.top)} to ${Math.round(currentRect.top)} px`
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

/** Missing in TypeScript's library. */
interface LayoutShift extends PerformanceEntry {
  value: number
  hadRecentInput: boolean
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[]
}

export interface Measured {
  firstMs: number
  wholeMs: number
  shift: number
  moved: string
  slowestMs: number
  longestTaskMs: number
  longTasks: number
  scriptKb: number
}

export type Figure = Exclude<keyof Measured, 'moved'>

/** A first visit with an empty cache, followed by some seconds of use. */
export async function visit(browser: Browser, session: Session, { path, use }: Visit): Promise<Measured> {
  const context = await newWindow(browser, session)
  try {
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
    // Parts of the page that are still loading have this class.
    await page.waitForFunction(() => document.querySelector('main .appear-late') === null)
    const wholeMs = await page.evaluate(() => performance.now())
    const scriptKb = scriptBytes / 1024
    await use(page)
    // Heartbeats arrive meanwhile.
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
