import { setTimeout as sleep } from 'node:timers/promises'
import type { Browser, CDPSession } from '@playwright/test'
import { newWindow, type Session } from './session'

/** Megabytes of heap after a garbage collection, once a minute, of pages that are left open. */
export async function heapOver(browser: Browser, session: Session, minutes: number): Promise<Record<string, number[]>> {
  const context = await newWindow(browser, session)
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
