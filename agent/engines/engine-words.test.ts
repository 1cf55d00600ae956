import { afterEach, describe, expect, it } from 'vitest'
import { aReplica, until } from '@/testing/agent/builders'
import { Rig, withCalls } from '@/testing/agent/rig'
import { EngineError } from './engine'
import { engineMessage, fitMessage } from './engine-words'

const wakeSignal = String.fromCodePoint(7)

describe('messages of an engine', () => {
  it('do not contain values of the environment', () => {
    const env = { PASSWORD: 'hunter2-hunter2', PIN: '1234', EMPTY: '' }
    expect(engineMessage('invalid variable "PASSWORD=hunter2-hunter2": no', env)).toBe(
      'invalid variable "PASSWORD=***": no',
    )
    expect(engineMessage('cannot log in with hunter2-hunter2', env)).toBe('cannot log in with ***')
    expect(engineMessage('PIN=1234 is weak', env)).toBe('PIN=*** is weak')
  })

  it('keep words that equal a short value', () => {
    const env = { PORT: '8080', DEBUG: '1' }
    expect(engineMessage('port 8080 is already allocated, exit code 1', env)).toBe(
      'port 8080 is already allocated, exit code 1',
    )
  })

  it('do not contain a value quoted as in Go or JSON, nor one line of a value', () => {
    const env = { KEY: `-----BEGIN KEY-----\nMIIEvQIBADAN\n"quoted"${wakeSignal}tail`, REGEX: 'a\\d+\t$&' }
    expect(engineMessage(`bad KEY=-----BEGIN KEY-----\\nMIIEvQIBADAN\\n\\"quoted\\"\\atail`, env)).toBe('bad KEY=***')
    expect(engineMessage(`bad ${JSON.stringify(env.KEY)}`, env)).toBe('bad "***"')
    expect(engineMessage('line 2 is MIIEvQIBADAN', env)).toBe('line 2 is ***')
    expect(engineMessage(`REGEX=${env.REGEX}!`, env)).toBe('REGEX=***!')
  })

  it('do not contain a value that includes another one, or that would be cut off', () => {
    const env = { SHORT: 'secret', LONG: 'secret-and-more' }
    expect(engineMessage('LONG=secret-and-more SHORT=secret', env)).toBe('LONG=*** SHORT=***')
    const cut = engineMessage(`${'x'.repeat(290)} ${env.LONG} ${'y'.repeat(50)}`, env, 300)
    expect(cut).toBe(`${'x'.repeat(290)} *** yyyy…`)
  })

  it('can be stored', () => {
    expect(fitMessage(`a\u{0}b\ud83d ${String.fromCodePoint(27)}[31mred`)).toBe('a�b� red')
    expect(fitMessage(`${'x'.repeat(998)}😀😀`)).toBe(`${'x'.repeat(998)}…`)
  })
})

describe('a node whose engine quotes the environment in every message', () => {
  const secret = 'hunter2-hunter2'
  const quoting = (how: string) => new EngineError('refused', `${how}: invalid variable "TOKEN=${secret}" (${secret})`)
  let rig: Rig
  afterEach(() => rig.dispose())

  it('reports and logs none of its values', async () => {
    const images = new Map<string, string>()
    rig = new Rig('node-01', (engine) =>
      withCalls(engine, () => ({
        pull: async (image, options) => {
          if (image === 'quoted/pull') throw quoting('pull')
          await engine.pull(image, options)
        },
        create: async (spec) => {
          if (spec.reference === 'quoted/create') throw quoting('create')
          const id = await engine.create(spec)
          images.set(id, spec.reference)
          return id
        },
        start: async (id, signal) => {
          if (images.get(id) === 'quoted/start') throw quoting('start')
          return engine.start(id, signal)
        },
        lastLogLine: async () => `${'x'.repeat(290)} ${secret}`,
        logs: async () => {
          throw quoting('logs')
        },
      })),
    )
    await rig.start()
    const env = { TOKEN: secret }
    const replicas = ['quoted/pull', 'quoted/create', 'quoted/start', 'sim/crash:1s'].map((image) =>
      aReplica({ image, env, deploymentName: image.replace(/\W/g, '-') }),
    )
    const read = aReplica({ image: 'sim/ok', env })
    rig.want(...replicas, read)
    await rig.reported(read, 'running')
    rig.controlPlane.read.add(read.replicaId)
    rig.controlPlane.wantLogs(rig.nodeId, [{ replicaId: read.replicaId, seconds: 600, since: null }])
    for (const replica of replicas) expect((await rig.reported(replica, 'failed')).reason).toContain('***')
    const { controlPlane } = rig
    await until(() =>
      controlPlane.logChunks.find(({ state, message }) => state === 'unavailable' && message.includes('***')),
    )
    for (const said of [controlPlane.reports, controlPlane.logChunks, controlPlane.beats])
      expect(JSON.stringify(said)).not.toContain('hunter2')
  })
})
