import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EngineError } from '@/agent/engines/engine'
import { quietLogger } from '@/agent/lib/log'
import { ImageCleaner, keepUnusedMs } from './cleaner'

let folder: string
let now: number
let disk: number
let removed: string[]
let used: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fogdeck-images-'))
  now = 1_000_000
  disk = 10
  removed = []
  used = []
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const aCleaner = () =>
  new ImageCleaner({
    engine: {
      diskUsedPercent: async () => disk,
      removeImage: async (image) => {
        if (used.includes(image)) throw new EngineError('refused', 'image is being used by running container c1', 409)
        removed.push(image)
        disk -= 10
      },
    },
    file: join(folder, 'images.json'),
    clock: { now: () => now, after: () => () => undefined },
    log: quietLogger,
  })
const desired = (deploymentId: string, image: string) => ({ deploymentId, image })

test('removes an unused image after a week, also when the agent restarted meanwhile', async () => {
  const before = aCleaner()
  await before.notePulled(['app:1'], { deploymentId: 'gone' })
  await before.notePulled(['web:1'], { deploymentId: 'web' })
  now += keepUnusedMs - 1
  await before.sweep([desired('web', 'web:1')])
  expect(removed).toEqual([])
  now += 1
  const after = aCleaner()
  await after.sweep([desired('web', 'web:1')])
  await after.sweep([desired('web', 'web:1')])
  expect(removed).toEqual(['app:1'])
})

test('removes unused images at once when the disk fills, oldest first, and only as many as needed', async () => {
  const cleaner = aCleaner()
  for (const image of ['a:1', 'b:1', 'c:1']) {
    now += 1
    await cleaner.notePulled([image], { deploymentId: image })
  }
  disk = 99
  await cleaner.sweep([])
  expect(removed).toEqual(['a:1', 'b:1'])
})

test('keeps the current and the previous image of a deployment, whatever their age and the disk usage', async () => {
  const cleaner = aCleaner()
  for (const image of ['app:1', 'app:2', 'app:3']) {
    now += 1
    await cleaner.notePulled([image], { deploymentId: 'app' })
  }
  now += keepUnusedMs * 2
  disk = 99
  await cleaner.sweep([desired('app', 'app:3')])
  expect(removed).toEqual(['app:1'])
})

test('never removes an image that the agent did not pull, and retries one that a container uses', async () => {
  const cleaner = aCleaner()
  await cleaner.notePulled(['app:1'], { deploymentId: 'app' })
  used = ['app:1']
  now += keepUnusedMs
  await cleaner.sweep([])
  expect(removed).toEqual([])
  used = []
  await cleaner.sweep([])
  expect(removed).toEqual(['app:1'])
})

test('keeps a moved tag on its new image, and removes the old image by its digest', async () => {
  const cleaner = aCleaner()
  await cleaner.notePulled(['app', 'app@old'], { deploymentId: 'other' })
  now += 1
  await cleaner.notePulled(['app', 'app@new'], { deploymentId: 'app' })
  now += keepUnusedMs
  await cleaner.sweep([desired('app', 'app@new')])
  expect(removed).toEqual(['app@old'])
})
