import { afterEach, describe, expect, test } from 'vitest'
import type { ContainerSpec } from '@/agent/engines/engine'
import { containerLabels } from '@/core/agents/protocol'
import { type LogLine, logLimits } from '@/core/logs/log'
import { answerJson, answerLines, type Handler, startFakeEngine } from '@/testing/agent/docker-server'
import { createBody, inspectedOf, seenOfListed } from './container'
import { DockerEngine } from './engine'
import { DockerHttp } from './http'
import { splitReference } from './image'
import { LineReader } from './logs'
import { jsonLines, lastLine, logFrames } from './streams'
import { ContainersUsage, percent, sampleOfStats } from './usage'

const labels = {
  [containerLabels.managed]: 'true',
  [containerLabels.node]: 'node-id',
  [containerLabels.deployment]: 'deployment-id',
  [containerLabels.replica]: 'replica-id',
  [containerLabels.slot]: '2',
  [containerLabels.generation]: '5',
}

const spec: ContainerSpec = {
  name: 'fogdeck-web-2-5-abc',
  image: 'web:1',
  reference: 'web:1',
  labels,
  env: {},
  cpuMillis: 500,
  memoryMb: 512,
  gpuUnits: 0,
  ports: [],
}

let stop = async () => {}
afterEach(() => stop())
const engineWith = async (handle: Handler, version?: { ApiVersion: string; MinAPIVersion: string }) => {
  const fake = await startFakeEngine(handle, version)
  stop = fake.stop
  const options = { socketPath: fake.socket, usage: 'host', pullStallMs: 300, callTimeoutMs: 300 } as const
  return { ...fake, engine: new DockerEngine(options) }
}

const traits = { kind: 'docker', cpuMillis: 4_000, hasInit: true } as const
const pullOptions = () => ({ signal: new AbortController().signal, onProgress: () => {} })

describe('streams', () => {
  const frame = (stream: number, text: string) => {
    const head = Buffer.alloc(8)
    head[0] = stream
    head.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([head, Buffer.from(text)])
  }

  test('log frames are separated by stream, and an incomplete last one is included', () => {
    const whole = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, 'last line')])
    const read = (buffer: Buffer) => logFrames(buffer).map((each) => [each.stream, each.bytes.toString()])
    expect(read(whole)).toEqual([
      ['stdout', 'out\n'],
      ['stderr', 'err\n'],
      ['stdout', 'last line'],
    ])
    expect(read(whole.subarray(0, -5))).toEqual([
      ['stdout', 'out\n'],
      ['stderr', 'err\n'],
      ['stdout', 'last'],
    ])
    expect(read(Buffer.from([1, 0]))).toEqual([])
  })

  test('finds the last non-blank line of either stream', () => {
    expect(lastLine(Buffer.concat([frame(1, 'one\ntwo\n'), frame(2, 'fatal: three\r\n\n'), frame(1, ' \n')]))).toBe(
      'fatal: three',
    )
    expect(lastLine(Buffer.alloc(0))).toBeNull()
    expect(lastLine(frame(1, 'bye \u{0} end\n\u{1b}[0m\n'))).toBe('bye � end')
  })

  test('keeps a character whole that is split between two frames', () => {
    const bytes = Buffer.from('größer')
    const [first, second] = [bytes.subarray(0, 3), bytes.subarray(3)]
    const framed = (part: Buffer) => {
      const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, part.length])
      return Buffer.concat([head, part])
    }
    expect(lastLine(Buffer.concat([framed(first), framed(second)]))).toBe('größer')
  })

  test('JSON lines are parsed for any chunk size', () => {
    const bytes = Buffer.from('{"a":"ä"}\n\nnot json\n[1]\n{"b":2}\n{"torn":')
    for (let size = 1; size <= bytes.length; size += 1) {
      const seen: unknown[] = []
      const lines = jsonLines((value) => seen.push(value))
      for (let at = 0; at < bytes.length; at += size) lines.push(bytes.subarray(at, at + size))
      lines.end()
      expect(seen).toEqual([{ a: 'ä' }, { b: 2 }])
    }
  })
})

test.each([
  ['nginx', 'nginx', 'latest'],
  ['nginx:1.27', 'nginx', '1.27'],
  ['localhost:5000/a/b', 'localhost:5000/a/b', 'latest'],
  ['localhost:5000/a/b:2', 'localhost:5000/a/b', '2'],
  ['a/b@sha256:0123', 'a/b', 'sha256:0123'],
  ['localhost:5000/a:1@sha256:0123', 'localhost:5000/a', 'sha256:0123'],
])('%s is pulled as %s with tag %s', (image, name, tag) => {
  expect(splitReference(image)).toEqual({ name, tag })
})

test('reads an image with the digest of its own registry', async () => {
  const digest = (letter: string) => `sha256:${letter.repeat(64)}`
  const RepoDigests = [`other/app@${digest('a')}`, `team/app@${digest('b')}`, `localhost:5000/team/app@${digest('c')}`]
  const { engine, requests } = await engineWith((_, response) =>
    answerJson(response, 200, { Id: digest('d'), RepoDigests }),
  )
  const imageId = digest('d')
  expect(await engine.image('team/app:2')).toEqual({ digest: digest('b'), imageId })
  expect(await engine.image('docker.io/team/app')).toEqual({ digest: digest('b'), imageId })
  expect(await engine.image('localhost:5000/team/app:1')).toEqual({ digest: digest('c'), imageId })
  // Tagged by hand, so no registry has a digest for this name.
  expect(await engine.image('mine:1')).toEqual({ digest: null, imageId })
  await engine.image(`team/app:2@${digest('b')}`)
  expect(requests.at(-1)).toBe(`GET /v1.41/images/team/app@${digest('b')}/json`)
})

describe('the body that creates a container', () => {
  test('has limits, ports, devices and a restart policy', () => {
    const ports = [
      { container: 80, host: 8080 },
      { container: 80, host: null },
      { container: 443, host: null },
    ]
    const body = createBody({ ...spec, env: { A: 'b=c' }, gpuUnits: 2, ports }, traits)
    expect(body).toMatchObject({ Image: 'web:1', Labels: labels, Env: ['A=b=c'] })
    expect(body.HostConfig).toMatchObject({
      NanoCpus: 500_000_000,
      Memory: 512 * 1024 * 1024,
      RestartPolicy: { Name: 'no' },
      PortBindings: { '80/tcp': [{ HostPort: '8080' }, { HostPort: '' }], '443/tcp': [{ HostPort: '' }] },
      DeviceRequests: [{ Count: 2, Capabilities: [['gpu']] }],
    })
  })

  test('never has a limit above the machine’s processors, which an engine would refuse', () => {
    const body = createBody({ ...spec, cpuMillis: 9_000 }, { ...traits, cpuMillis: 2_000 })
    expect(body.HostConfig).toMatchObject({ NanoCpus: 2_000_000_000 })
  })

  test('has the safe defaults', () => {
    expect(createBody(spec, traits).HostConfig).toMatchObject({
      MemorySwap: 512 * 1024 * 1024,
      PidsLimit: 4096,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
      Init: true,
    })
  })

  test('has a log driver of its own for Podman', () => {
    const { LogConfig } = createBody(spec, { ...traits, kind: 'podman' }).HostConfig as Record<string, unknown>
    expect(LogConfig).toEqual({ Type: 'k8s-file', Config: { 'max-size': '30m' } })
  })
})

describe('parsing a container', () => {
  const listed = (State: string, Status: string) =>
    seenOfListed({ Id: 'c1', Labels: labels, State, Status, Created: 5 })

  test.each([
    ['running', 'Up 3 seconds', 'running', null],
    ['running', 'Up 3 seconds (healthy)', 'running', 'healthy'],
    ['running', 'Up 3 seconds (unhealthy)', 'running', 'unhealthy'],
    ['running', 'Up 3 seconds (health: starting)', 'running', 'starting'],
    ['exited', 'Exited (137) 2 minutes ago (unhealthy)', 'exited', null],
    ['created', 'Created', 'created', null],
    ['configured', '', 'created', null],
    ['removing', 'Removal In Progress', 'removing', null],
    ['dead', 'Dead', 'removing', null],
    ['stopping', 'Up 3 seconds', 'stopping', null],
    ['stopped', '', 'exited', null],
    ['paused', 'Up 3 seconds (Paused)', 'paused', null],
    ['thawing', '', 'unknown', null],
    ['restarting', 'Restarting (1) 2 seconds ago', 'restarting', null],
  ])('reads a listed container that is %s, %s', (state, status, seen, health) => {
    expect(listed(state, status)).toMatchObject({
      id: 'c1',
      state: seen,
      health,
      slot: 2,
      generation: 5,
      createdAt: 5_000,
    })
  })

  test('ignores a container that lacks one of the agent’s labels', () => {
    expect(seenOfListed({ Id: 'c1', Labels: { [containerLabels.managed]: 'true' }, State: 'running' })).toBeNull()
    expect(
      seenOfListed({ Id: 'c1', Labels: { ...labels, [containerLabels.managed]: 'no' }, State: 'running' }),
    ).toBeNull()
    expect(seenOfListed({ Id: 'c1', Labels: null, State: 'running' })).toBeNull()
  })

  test('reads an inspection, with each port once', () => {
    const ports = [
      { HostIp: '0.0.0.0', HostPort: '32768' },
      { HostIp: '::', HostPort: '32768' },
    ]
    const found = inspectedOf({
      Id: 'c1',
      Created: '2026-01-01T00:00:00.123456789Z',
      State: {
        Status: 'running',
        ExitCode: 0,
        StartedAt: '2026-01-01T00:00:01.123456789Z',
        Health: { Status: 'starting' },
      },
      Config: { Labels: labels },
      NetworkSettings: { Ports: { '80/tcp': ports, '443/tcp': null } },
    })
    expect(found).toMatchObject({
      state: 'running',
      health: 'starting',
      exitCode: null,
      startedAt: '2026-01-01T00:00:01.123Z',
    })
    expect(found?.ports).toEqual([{ container: 80, host: 32768 }])
  })

  test('reads the exit code and error of a failed start, and no start time without a start', () => {
    const State = { Status: 'created', ExitCode: 127, Error: 'no such file', StartedAt: '0001-01-01T00:00:00Z' }
    const found = inspectedOf({ Id: 'c1', State, Config: { Labels: labels } })
    expect(found).toMatchObject({ state: 'created', exitCode: 127, error: 'no such file', startedAt: null })
  })
})

describe('a pull', () => {
  test('that fails inside its stream, after the answer 200, fails with the engine’s message', async () => {
    const { engine, requests } = await engineWith((_, response) =>
      answerLines(response, [
        { status: 'Pulling from library/web' },
        { errorDetail: { message: 'manifest for web:9 not found: manifest unknown' }, error: 'manifest unknown' },
      ]),
    )
    const failure = { kind: 'refused', message: 'manifest for web:9 not found: manifest unknown' }
    await expect(engine.pull('web:9', pullOptions())).rejects.toMatchObject(failure)
    expect(requests).toEqual(['POST /v1.41/images/create?fromImage=web&tag=9'])
  })

  test('that is refused at once fails with the engine’s message', async () => {
    const { engine } = await engineWith((_, response) =>
      answerJson(response, 404, { message: 'pull access denied for web' }),
    )
    await expect(engine.pull('web', pullOptions())).rejects.toMatchObject({
      message: 'pull access denied for web',
      httpStatus: 404,
    })
  })

  test('fails when it stalls, but not while it makes progress', async () => {
    const { engine } = await engineWith((_, response) => {
      response.writeHead(200)
      let steps = 0
      const timer = setInterval(() => {
        response.write('{"status":"Downloading"}\n')
        steps += 1
        if (steps === 4) clearInterval(timer)
      }, 150)
    })
    const startedAt = performance.now()
    const failure = { kind: 'refused', message: expect.stringContaining('made no progress') }
    await expect(engine.pull('web:1', pullOptions())).rejects.toMatchObject(failure)
    expect(performance.now() - startedAt).toBeGreaterThan(800)
  })

  test('fails when the engine never answers', async () => {
    const { engine } = await engineWith(() => {})
    await expect(engine.pull('web:1', pullOptions())).rejects.toMatchObject({
      message: expect.stringContaining('no progress'),
    })
  })

  test('that breaks off is reported as an unreachable engine, not as a bad image', async () => {
    const { engine } = await engineWith((_, response) => {
      answerLines(response, [{ status: 'Downloading' }], { end: false })
      setTimeout(() => response.destroy(), 50)
    })
    await expect(engine.pull('web:1', pullOptions())).rejects.toMatchObject({ kind: 'unreachable' })
  })

  test('that is aborted throws the reason of the abort', async () => {
    const { engine } = await engineWith((_, response) =>
      answerLines(response, [{ status: 'Downloading' }], { end: false }),
    )
    const controller = new AbortController()
    const pull = engine.pull('web:1', {
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    })
    await expect(pull).rejects.toThrow('enough')
  })
})

describe('an engine that', () => {
  test('hangs is unreachable after the call’s time-out', async () => {
    const { engine } = await engineWith(() => {})
    const failure = { kind: 'unreachable', message: expect.stringMatching(/did not answer \S*containers\/json within/) }
    await expect(engine.list()).rejects.toMatchObject(failure)
  })

  test('hangs in the middle of an answer is unreachable, too', async () => {
    const { engine } = await engineWith((_, response) => void response.write('[{"Id":'))
    await expect(engine.list()).rejects.toMatchObject({ kind: 'unreachable' })
  })

  test('does not exist is reported with its socket', async () => {
    const engine = new DockerEngine({ socketPath: '/nowhere/docker.sock', usage: 'host' })
    await expect(engine.info()).rejects.toMatchObject({
      kind: 'unreachable',
      message: 'no container engine listens at /nowhere/docker.sock',
    })
  })

  test('supports only newer API versions is called with the oldest of them', async () => {
    const { engine, requests } = await engineWith((_, response) => answerJson(response, 200, []), {
      ApiVersion: '1.52',
      MinAPIVersion: '1.44',
    })
    await engine.list()
    expect(requests[0]).toMatch(/^GET \/v1\.44\/containers\/json/)
  })

  test.each([
    ['Docker', 409, 'Conflict. The container name "/x" is already in use by container "c1"'],
    ['Podman', 500, 'name "x" is in use: container already exists'],
  ])('already has the name (%s): the container is ours only if its labels match', async (_, status, message) => {
    let found: Record<string, string> = labels
    const { engine } = await engineWith((request, response) => {
      if (request.url?.includes('/create')) answerJson(response, status, { message })
      else if (request.url?.endsWith('/info')) answerJson(response, 200, { NCPU: 4, MemTotal: 2 ** 30 })
      else
        answerJson(response, 200, {
          Id: 'c1',
          Name: `/${spec.name}`,
          State: { Status: 'exited' },
          Config: { Labels: found },
        })
    })
    expect(await engine.create(spec)).toBe('c1')
    found = { ...labels, [containerLabels.replica]: 'another' }
    await expect(engine.create(spec)).rejects.toMatchObject({ kind: 'refused', message })
    found = {}
    await expect(engine.create(spec)).rejects.toMatchObject({ kind: 'refused', message })
  })

  test('reports that a container was already stopped or removed causes no error', async () => {
    let status = 304
    const { engine } = await engineWith((_, response) => answerJson(response, status, { message: 'whatever' }))
    await engine.start('c1', new AbortController().signal)
    await engine.stop('c1', 1)
    status = 404
    await engine.stop('c1', 1)
    await engine.remove('c1')
    expect(await engine.inspect('c1')).toBeNull()
    expect(await engine.image('web:1')).toBeNull()
    await expect(engine.start('c1', new AbortController().signal)).rejects.toMatchObject({ message: 'whatever' })
  })

  test('sends events, and the end of their stream', async () => {
    const actor = { ID: 'c1', Attributes: { [containerLabels.replica]: 'r1' } }
    const { engine } = await engineWith((_, response) => answerLines(response, [{ Action: 'die', Actor: actor }]))
    const events: unknown[] = []
    await new Promise<void>((resolve) => {
      const handlers = {
        onOpen: () => events.push('open'),
        onContainer: (...of: unknown[]) => events.push(of),
        onEnd: () => resolve(),
      }
      engine.follow(handlers, new AbortController().signal)
    })
    expect(events).toEqual(['open', ['c1', 'r1']])
  })
})

describe('logs', () => {
  const frame = (stream: 1 | 2, text: string | Buffer) => {
    const bytes = Buffer.from(text)
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(bytes.length, 4)
    return Buffer.concat([head, bytes])
  }
  const at = (second: number, nanos = '000000001') => `2026-01-02T03:04:0${second}.${nanos}Z`

  test('are read line by line for any chunk size', () => {
    const bytes = Buffer.concat([
      frame(1, `${at(1)} größer\n`),
      frame(2, `${at(2)} with spaces in it\r\n`),
      frame(1, `${at(3)} \n`),
      frame(1, `${at(4)} not ended`),
    ])
    for (let size = 1; size <= bytes.length; size += 1) {
      const reader = new LineReader()
      const lines: LogLine[] = []
      for (let from = 0; from < bytes.length; from += size)
        lines.push(...reader.push(bytes.subarray(from, from + size)))
      lines.push(...reader.end())
      expect(lines).toEqual([
        { at: at(1), stream: 'stdout', text: 'größer' },
        { at: at(2), stream: 'stderr', text: 'with spaces in it' },
        { at: at(3), stream: 'stdout', text: '' },
        { at: at(4), stream: 'stdout', text: 'not ended' },
      ])
    }
  })

  test('have split lines joined, also inside a character and across frames of the other stream', () => {
    const word = Buffer.from('größer')
    const reader = new LineReader()
    const lines = reader.push(
      Buffer.concat([
        frame(1, Buffer.concat([Buffer.from(`${at(1)} `), word.subarray(0, 3)])),
        frame(2, `${at(2)} other\n`),
        frame(1, Buffer.concat([Buffer.from(`${at(3)} `), word.subarray(3), Buffer.from('\n')])),
      ]),
    )
    expect(lines.map(({ stream, text }) => [stream, text])).toEqual([
      ['stderr', 'other'],
      ['stdout', 'größer'],
    ])
    // Its time was earlier, but a log that goes back in time could not be resumed.
    expect((lines[1]?.at ?? '') > (lines[0]?.at ?? '')).toBe(true)
  })

  test('have increasing times, also where the two streams disagree or are equal', () => {
    const lines = new LineReader().push(
      Buffer.concat([frame(1, `${at(2)} a\n`), frame(2, `${at(1)} b\n`), frame(1, `${at(2)} c\n`)]),
    )
    expect(lines.map((line) => line.at)).toEqual([at(2), at(2, '000000002'), at(2, '000000003')])
  })

  test('have times converted to UTC, and lines cut off at the limit', () => {
    const [line] = new LineReader().push(frame(1, `2026-01-02T05:04:01.5+02:00 ${'x'.repeat(9_000)}\n`))
    expect(line?.at).toBe('2026-01-02T03:04:01.500000000Z')
    expect(line?.text).toHaveLength(logLimits.lineLength)
    expect(line?.text.endsWith('x…')).toBe(true)
  })

  test('are requested since a time, without the line of that time', async () => {
    const { engine, requests } = await engineWith((_request, response) => {
      response.writeHead(200)
      response.end(Buffer.concat([frame(1, `${at(1)} known\n`), frame(1, `${at(2)} new\n`)]))
    })
    const seen: string[] = []
    const onLines = async (lines: LogLine[]) => void seen.push(...lines.map((line) => line.text))
    const signal = new AbortController().signal
    await engine.logs('c1', { since: at(1), tail: 5, follow: false, signal, onLines })
    expect(seen).toEqual(['new'])
    const seconds = Date.UTC(2026, 0, 2, 3, 4, 1) / 1000
    expect(requests).toEqual([expect.stringContaining(`tail=5&since=${seconds}.000000001`)])
  })

  test('end when the caller aborts while following', async () => {
    const { engine } = await engineWith((_request, response) => {
      response.writeHead(200)
      response.write(frame(1, `${at(1)} first\n`))
    })
    const stop = new AbortController()
    const seen: string[] = []
    const onLines = async (lines: LogLine[]) => {
      seen.push(...lines.map((line) => line.text))
      stop.abort()
    }
    await engine.logs('c1', { since: null, tail: null, follow: true, signal: stop.signal, onLines })
    expect(seen).toEqual(['first'])
  })

  test('that an engine cannot return are refused with its message', async () => {
    const { engine } = await engineWith((_request, response) =>
      answerJson(response, 501, { message: 'configured logging driver does not support reading' }),
    )
    const request = {
      since: null,
      tail: 5,
      follow: false,
      signal: new AbortController().signal,
      onLines: async () => {},
    }
    await expect(engine.logs('c1', request)).rejects.toMatchObject({
      kind: 'refused',
      message: 'configured logging driver does not support reading',
    })
  })
})

describe('usage', () => {
  test('counts memory without the page cache that can be dropped', () => {
    const stats = (detail: object) => ({
      cpu_stats: { cpu_usage: { total_usage: 7 } },
      memory_stats: { usage: 100, stats: detail },
    })
    expect(sampleOfStats(stats({ total_inactive_file: 30 }))).toEqual({ cpuNanos: 7, memoryBytes: 70 })
    expect(sampleOfStats(stats({ inactive_file: 40 }))).toEqual({ cpuNanos: 7, memoryBytes: 60 })
    expect(sampleOfStats({ cpu_stats: {}, memory_stats: {} })).toBeNull()
  })

  test('of containers is their share of the node’s capacity since the last sample', async () => {
    let nanos = 1e9
    const fake = await startFakeEngine((request, response) => {
      if (request.url?.includes('/gone/')) return answerJson(response, 404, {})
      answerJson(response, 200, {
        cpu_stats: { cpu_usage: { total_usage: nanos } },
        memory_stats: { usage: 512 * 2 ** 20 },
      })
    })
    stop = fake.stop
    let now = 1_000
    const usage = new ContainersUsage(new DockerHttp(fake.socket), { cpuCores: 4, memoryMb: 2_048 }, () => now)
    expect(await usage.sample(['a', 'gone'])).toEqual({ cpuPercent: 0, memoryPercent: 25 })
    now += 10_000
    nanos += 20e9
    // 20 of 40 seconds of processor time; a new container counts from its second sample.
    expect(await usage.sample(['a', 'b'])).toEqual({ cpuPercent: 50, memoryPercent: 50 })
  })

  test('is a percentage from 0 to 100 with one decimal for any input', () => {
    expect(percent(1, 3)).toBe(33.3)
    expect(percent(-1, 3)).toBe(0)
    expect(percent(9, 3)).toBe(100)
    expect(percent(1, 0)).toBe(0)
    expect(percent(Number.NaN, 3)).toBe(0)
  })
})
