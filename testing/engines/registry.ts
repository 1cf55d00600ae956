/** Runs a real image registry on this machine, for tests of pulls: Debian's docker-registry. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '@/testing/agent/builders'
import { pathOf } from './requirements'

const types = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar',
}

const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`

export class Registry {
  private constructor(
    readonly port: number,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Registry> {
    const program = pathOf('docker-registry')
    if (!program) throw new Error('missing: apt-get install -y --no-install-recommends docker-registry')
    const folder = mkdtempSync(join(tmpdir(), 'fogdeck-registry-'))
    const port = await freePort()
    const settings = {
      version: 0.1,
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: folder } },
      http: { addr: `0.0.0.0:${port}` },
    }
    // JSON is valid YAML.
    writeFileSync(join(folder, 'config.yml'), JSON.stringify(settings))
    const process = spawn(program, ['serve', join(folder, 'config.yml')], { stdio: 'ignore' })
    const registry = new Registry(port, process, folder)
    await until(() => registry.#call('GET', '').catch(() => null), { timeoutMs: 30_000, what: 'the registry answers' })
    return registry
  }

  /** Pushes an image with one layer; returns its digest. */
  async push(repository: string, tag: string, { layer, config }: { layer: Buffer; config: object }): Promise<string> {
    const image = { ...config, rootfs: { type: 'layers', diff_ids: [digestOf(layer)] } }
    const configData = Buffer.from(JSON.stringify(image))
    const parts = [
      { mediaType: types.config, data: configData },
      { mediaType: types.layer, data: layer },
    ].map((part) => ({ ...part, size: part.data.length, digest: digestOf(part.data) }))
    for (const { digest, data } of parts) {
      const begun = await this.#call('POST', `${repository}/blobs/uploads/`)
      const place = new URL(begun.headers.get('location') ?? '', `http://127.0.0.1:${this.port}`)
      place.searchParams.set('digest', digest)
      const stored = await fetch(place, { method: 'PUT', body: new Uint8Array(data) })
      if (!stored.ok) throw new Error(`the registry answers ${stored.status} to a blob`)
    }
    const [first, ...layers] = parts.map(({ mediaType, size, digest }) => ({ mediaType, size, digest }))
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config: first, layers }))
    await this.#call('PUT', `${repository}/manifests/${tag}`, manifest, types.manifest)
    return digestOf(manifest)
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.kill('SIGKILL')
    await ended
    rmSync(this.folder, { recursive: true, force: true })
  }

  async #call(method: string, path: string, body?: Buffer, type?: string): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.port}/v2/${path}`, {
      method,
      ...(body ? { body: new Uint8Array(body), headers: { 'content-type': type ?? '' } } : {}),
    })
    if (!answer.ok) throw new Error(`the registry answers ${answer.status} to ${method} ${path}`)
    return answer
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '0.0.0.0', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      server.close(() => resolve(port))
    })
  })
