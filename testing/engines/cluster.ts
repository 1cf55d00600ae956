/**
 * Runs several real Docker engines on one machine, for tests. Each has its own namespaces (network, mounts, processes)
 * and an address of its own on a private link, as a machine has. The first process of each reads commands from a pipe
 * that this process holds: when this process dies in any way, the kernel closes the pipe and ends the engine with all
 * its containers. Only a folder and empty control groups can remain; the next cluster removes them.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DockerHttp } from '@/agent/engines/docker/http'
import { processStart } from '@/agent/lib/lock'
import { imageArchive, loadImages } from './images'
import { unavailable } from './requirements'

export { type TestImage, testImages } from './images'
export { unavailable } from './requirements'

export interface TestEngine {
  name: string
  /** Path of the engine's unix socket. */
  socket: string
  /** The address where published ports answer. */
  address: string
  /** The address of this machine as seen by the engine, for servers of the tests. */
  gateway: string
  /** Command prefix that runs a program in the engine's network, as on that machine. */
  inside: readonly string[]
  /** Makes calls hang; containers keep running. */
  freeze(): void
  thaw(): void
  /** Kills the engine with SIGKILL; containers keep running until the next start, which ends them. */
  kill(): void
  start(): Promise<void>
  /** Drops all packets of the engine's link in both directions; processes inside keep running. */
  cut(): void
  heal(): void
  /**
   * Makes the removal of this container fail until the returned function is called; null where the file system can't do
   * that.
   */
  obstructRemoval(containerId: string): (() => void) | null
}

export interface EngineCluster {
  engines: TestEngine[]
  stop(): Promise<void>
}

interface ClusterOptions {
  /** The network of containers that request none: the engine's bridge, or only loopback. */
  network?: 'bridge' | 'none'
}

/**
 * The first process in an engine's namespaces: $0 is its name, $1 its folder, $2 its control group, $3 further
 * arguments.
 */
const firstProcess = `
mount -t tmpfs -o mode=755 tmpfs /run || exit 1
ip link set lo up
start() {
  rm -f /run/docker.pid /run/docker/containerd/containerd.pid
  dockerd --config-file "$1/daemon.json" --data-root "$1/data" --exec-root /run/docker -p /run/docker.pid \\
    -H "unix://$1/docker.sock" --cgroup-parent "$2" --exec-opt native.cgroupdriver=cgroupfs \\
    --iptables=false --ip6tables=false --ip-forward=false --log-level warn $3 </dev/null &
  pid=$!
}
start "$@"
while read -r word; do
  case $word in
    freeze) kill -STOP $pid ;;
    thaw) kill -CONT $pid ;;
    kill) kill -KILL $pid; wait $pid ;;
    start) start "$@" ;;
  esac
done
`

/** Starts `count` engines with the test images. Throws with the reason when this machine can't. */
export const startEngines = async (
  count: number,
  { network = 'bridge' }: ClusterOptions = {},
): Promise<EngineCluster> => {
  const reason = unavailable()
  if (reason) throw new Error(reason)
  await removeLeftovers()
  const number = await claimCluster()
  const dir = folderOf(number)
  const engines = Array.from({ length: count }, (_, index) => new Engine(number, index + 1, network))
  let stopped: Promise<void> | null = null
  const stop = () => {
    stopped ??= Promise.all(engines.map((engine) => engine.end())).then(() => removeCluster(dir))
    return stopped
  }
  try {
    const archive = imageArchive()
    await Promise.all(engines.map((engine) => engine.up(archive)))
    return { engines, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

class Engine implements TestEngine {
  readonly name: string
  readonly socket: string
  readonly address: string
  readonly gateway: string
  inside: readonly string[] = []
  private readonly obstacles = new Set<() => void>()
  private readonly dir: string
  private process: ChildProcess | null = null

  constructor(
    private readonly cluster: number,
    private readonly index: number,
    private readonly network: NonNullable<ClusterOptions['network']>,
  ) {
    this.name = `engine-${index}`
    this.dir = join(folderOf(cluster), `n${index}`)
    this.socket = join(this.dir, 'docker.sock')
    // 198.18.0.0/15 is reserved for network tests (RFC 2544); each link uses four addresses.
    this.gateway = `198.18.${cluster}.${index * 4 + 1}`
    this.address = `198.18.${cluster}.${index * 4 + 2}`
  }

  async up(archive: Buffer): Promise<void> {
    mkdirSync(this.dir, { recursive: true })
    // The tests' registry uses plain HTTP.
    writeFileSync(join(this.dir, 'daemon.json'), JSON.stringify({ 'insecure-registries': ['198.18.0.0/15'] }))
    const log = openSync(join(this.dir, 'log'), 'a')
    const own = ['--mount', '--propagation', 'private', '--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc']
    const more = this.network === 'none' ? '--bridge=none' : ''
    const first = [
      'tini',
      '-s',
      '--',
      'sh',
      '-c',
      firstProcess,
      'sh',
      this.dir,
      cgroupOf(this.cluster, this.index),
      more,
    ]
    // Detached, so that an interrupt at the terminal only reaches the tests, which then end the engines in order.
    this.process = spawn('unshare', [...own, ...first], { stdio: ['pipe', log, log], detached: true, env: engineEnv() })
    closeSync(log)
    this.process.stdin?.on('error', () => undefined)
    await this.answers()
    const pid = String(await this.firstPid())
    this.inside = ['nsenter', '-t', pid, '-n']
    this.link(pid)
    await loadImages(new DockerHttp(this.socket), archive)
  }

  freeze(): void {
    this.say('freeze')
  }

  thaw(): void {
    this.say('thaw')
  }

  kill(): void {
    this.say('kill')
  }

  async start(): Promise<void> {
    rmSync(this.socket, { force: true })
    this.say('start')
    await this.answers()
  }

  cut(): void {
    for (const [link, ...inside] of this.ends)
      run([...inside, 'tc', 'qdisc', 'replace', 'dev', link, 'root', 'blackhole'])
  }

  heal(): void {
    for (const [link, ...inside] of this.ends)
      quietly(() => run([...inside, 'tc', 'qdisc', 'del', 'dev', link, 'root']))
  }

  obstructRemoval(containerId: string): (() => void) | null {
    const file = join(this.dir, 'data', 'containers', containerId, 'obstacle')
    writeFileSync(file, '')
    const immutable = quietly(() => run(['chattr', '+i', file]) ?? true)
    if (!immutable) return null
    const release = () => {
      quietly(() => run(['chattr', '-i', file]))
      this.obstacles.delete(release)
    }
    this.obstacles.add(release)
    return release
  }

  /** Ends the first process, and with it all processes in its namespace. */
  async end(): Promise<void> {
    for (const release of this.obstacles) release()
    const { process } = this
    if (!process || process.exitCode !== null || process.signalCode !== null) return
    const exited = new Promise((resolve) => process.once('exit', resolve))
    process.kill('SIGKILL')
    process.stdin?.destroy()
    await exited
    quietly(() => execFileSync('ip', ['link', 'del', this.linkName], { stdio: 'ignore' }))
  }

  private say(word: string): void {
    this.process?.stdin?.write(`${word}\n`)
  }

  /** Both ends of the link, each with the command prefix that reaches it. */
  private get ends(): [string, ...string[]][] {
    return [[this.linkName], ['eth0', ...this.inside]]
  }

  private get linkName(): string {
    return `fde${this.cluster}n${this.index}`
  }

  private link(pid: string): void {
    const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
    const inside = (...args: string[]) => execFileSync('nsenter', ['-t', pid, '-n', 'ip', ...args])
    ip('link', 'add', this.linkName, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid)
    ip('addr', 'add', `${this.gateway}/30`, 'dev', this.linkName)
    ip('link', 'set', this.linkName, 'up')
    inside('addr', 'add', `${this.address}/30`, 'dev', 'eth0')
    inside('link', 'set', 'eth0', 'up')
  }

  private async firstPid(): Promise<number> {
    const parent = this.process?.pid
    for (let tries = 0; tries < 200; tries += 1) {
      const children = quietly(() => readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim()) ?? ''
      if (children) return Number(children.split(' ')[0])
      await sleep(10)
    }
    throw new Error(`${this.name} did not start: ${this.lastMessage()}`)
  }

  private async answers(): Promise<void> {
    const http = new DockerHttp(this.socket)
    const end = Date.now() + startMs
    while (Date.now() < end) {
      if (this.process?.exitCode !== null) throw new Error(`${this.name} ended: ${this.lastMessage()}`)
      const answer = existsSync(this.socket)
        ? await http.call({ path: '/_ping', timeoutMs: 2_000, signal: AbortSignal.timeout(2_000) }).catch(() => null)
        : null
      if (answer) return
      await sleep(50)
    }
    throw new Error(`${this.name} does not answer within ${startMs / 1000} s: ${this.lastMessage()}`)
  }

  private lastMessage(): string {
    const log = quietly(() => readFileSync(join(this.dir, 'log'), 'utf8')) ?? ''
    return log.trim().split('\n').slice(-3).join(' | ') || 'it left no log'
  }
}

/** The engines must not see the caller's Docker or proxy settings. */
const engineEnv = (): NodeJS.ProcessEnv => ({
  NODE_ENV: process.env.NODE_ENV ?? 'test',
  PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
  HOME: '/root',
})

/** An engine usually answers within a second, but a busy machine may take long. */
const startMs = 90_000

const clusterPrefix = 'fogdeck-engines-'
const folderOf = (cluster: number): string => join(tmpdir(), `${clusterPrefix}${cluster}`)
const cgroupOf = (cluster: number, index: number): string => `/${clusterPrefix}${cluster}/n${index}`

/** Creating the folder claims the cluster number, because only one process can create it. */
const claimCluster = async (): Promise<number> => {
  for (let cluster = 0; cluster < 250; cluster += 1) {
    try {
      mkdirSync(folderOf(cluster))
    } catch {
      continue
    }
    writeFileSync(join(folderOf(cluster), 'owner'), `${process.pid} ${await processStart(process.pid)}`)
    return cluster
  }
  throw new Error(`there are 250 beds of engines in ${tmpdir()} already`)
}

/** Removes clusters whose owners are dead; the engines died with them. */
export const removeLeftovers = async (): Promise<void> => {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(clusterPrefix) || !/^\d+$/.test(name.slice(clusterPrefix.length))) continue
    const dir = join(tmpdir(), name)
    const owner = quietly(() => readFileSync(join(dir, 'owner'), 'utf8'))
    const [pid = '0', startedAt] = owner?.split(' ') ?? []
    const isAlive = owner !== null && (await processStart(Number(pid))) === startedAt
    // A folder without an owner may just be being claimed.
    const isFresh = owner === null && Date.now() - (quietly(() => statSync(dir).ctimeMs) ?? 0) < 60_000
    if (!isAlive && !isFresh) await removeCluster(dir)
  }
}

const removeCluster = async (dir: string): Promise<void> => {
  const name = dir.slice(dir.lastIndexOf('/') + 1)
  // The kernel takes a moment to clean up killed processes.
  for (let tries = 0; tries < 100; tries += 1) {
    removeGroups(name)
    quietly(() => rmSync(dir, { recursive: true, force: true }))
    if (!existsSync(dir) && groupsOf(name).length === 0) return
    // Files that a test made immutable and did not release.
    if (existsSync(dir)) quietly(() => run(['chattr', '-R', '-f', '-i', dir]))
    await sleep(50)
  }
}

/** The control groups of a cluster, one in each hierarchy that has it. */
const groupsOf = (name: string): string[] => {
  const root = '/sys/fs/cgroup'
  return ['', ...(quietly(() => readdirSync(root)) ?? [])].map((each) => join(root, each, name)).filter(existsSync)
}

const removeGroups = (name: string): void => {
  const remove = (path: string) => {
    for (const entry of quietly(() => readdirSync(path, { withFileTypes: true })) ?? []) {
      if (entry.isDirectory()) remove(join(path, entry.name))
    }
    quietly(() => rmdirSync(path))
  }
  for (const path of groupsOf(name)) remove(path)
}

const run = ([program = '', ...args]: string[]): void => {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

const quietly = <Value>(action: () => Value): Value | null => {
  try {
    return action()
  } catch {
    return null
  }
}
