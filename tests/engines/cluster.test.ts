/** The engine cluster itself: its engines are isolated from each other, and nothing of it remains. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DockerHttp } from '@/agent/engines/docker/http'
import { pageAt, until } from '@/testing/agent/builders'
import { removeLeftovers, startEngines, testImages } from '@/testing/engines/cluster'
import { skipReason } from '@/testing/engines/skip'

const interfaces = () => readFileSync('/proc/net/dev', 'utf8')

describe.skipIf(skipReason())('a cluster of engines', () => {
  test('has engines with the test images that share neither containers nor ports', async () => {
    const cluster = await startEngines(2)
    try {
      const pages = await Promise.all(
        cluster.engines.map(async ({ socket, address }) => {
          const http = new DockerHttp(socket)
          const images = (await http.json({ path: '/images/json' })) as { RepoTags: string[] }[]
          expect(images.flatMap((image) => image.RepoTags).sort()).toEqual([...testImages].sort())
          const body = {
            Image: 'fogdeck-test/web:1',
            HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } },
          }
          await http.call({ method: 'POST', path: '/containers/create', query: { name: 'same' }, body })
          await http.call({ method: 'POST', path: '/containers/same/start' })
          const page = await pageAt(`http://${address}:8080/`)
          return page.text()
        }),
      )
      expect(new Set(pages).size).toBe(2)
    } finally {
      await cluster.stop()
    }
    for (const { socket } of cluster.engines) {
      const folder = dirname(dirname(socket))
      expect(existsSync(folder)).toBe(false)
      // Other clusters may exist at the same time.
      expect(interfaces()).not.toContain(`fde${folder.split('-').at(-1)}n`)
    }
  })

  test('ends with the process that started it, and the next cluster removes leftovers', async () => {
    const script = `import { startEngines } from './testing/engines/cluster'
      const { engines } = await startEngines(1)
      console.log(engines[0].socket)
      await new Promise(() => setInterval(() => undefined, 1000))`
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [line] = await once(child.stdout, 'data')
    const socket = String(line).trim()
    const http = new DockerHttp(socket)
    await http.call({ path: '/_ping' })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await until(() =>
      http.call({ path: '/_ping' }).then(
        () => false,
        () => true,
      ),
    )
    await removeLeftovers()
    expect(existsSync(dirname(dirname(socket)))).toBe(false)
  })
})
