/** Builds small images from Debian's static busybox, and loads them into engines without a registry. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DockerHttp } from '@/agent/engines/docker/http'
import { pathOf } from './requirements'

/** Exits at once on a signal. The page shows the container's host name and MESSAGE. */
const web = `#!/bin/sh
trap 'kill $! 2>/dev/null; exit 0' TERM INT
echo "<h1>Hello from $(hostname)</h1><p>\${MESSAGE:-no message}</p>" >/www/index.html
echo "listening on \${PORT:-80}"
httpd -f -p "\${PORT:-80}" -h /www & wait $!
`
/** Uses nc, because busybox's wget crashes in a static build. */
const health = `#!/bin/sh
printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 1 127.0.0.1 "\${PORT:-80}" | grep -q ' 200 '
`
const sick = `#!/bin/sh
echo 'no answer on port 80'
exit 1
`
const crash = `#!/bin/sh
echo started
sleep "\${AFTER:-2}"
echo 'fatal: it went wrong' >&2
exit "\${CODE:-3}"
`
const ignore = `#!/bin/sh
trap '' TERM
echo started
while :; do sleep 1; done
`
/**
 * Does what official images do before they serve: changes the owner of a folder, switches the user, and listens on a
 * port below 1024.
 */
const root = `#!/bin/sh
trap 'exit 0' TERM
mkdir /tmp/own && chown 1000:1000 /tmp/own
su fog -c 'touch /tmp/own/file' || exit 1
httpd -p 80 -h /www || exit 1
caps=$(sed -n 's/^CapEff:.//p' /proc/self/status)
privs=$(sed -n 's/^NoNewPrivs:.//p' /proc/self/status)
echo "done: $(stat -c %u /tmp/own/file) owns it, port 80 is bound, caps $caps, no-new-privs $privs"
while :; do sleep 1; done
`
const scripts = { web, health, sick, crash, ignore, root }

interface ImageConfig {
  Cmd: string[]
  ExposedPorts?: Record<string, object>
  Healthcheck?: { Test: string[]; Interval: number; Timeout: number; Retries: number }
}

const port80 = { ExposedPorts: { '80/tcp': {} } }
const shell = (line: string): ImageConfig => ({ Cmd: ['/bin/sh', '-c', line] })
/** Checks every second (engines count nanoseconds); two equal results in a row decide. */
const checked = (...command: string[]) => ({
  Healthcheck: { Test: ['CMD', ...command], Interval: 1e9, Timeout: 2e9, Retries: 2 },
})

const images = {
  /** Answers HTTP on port 80 (or PORT) with a page that shows its host name. */
  'fogdeck-test/web:1': { Cmd: ['/fog/web'], ...port80 },
  /** Like web, with a health check that passes. */
  'fogdeck-test/healthy:1': { Cmd: ['/fog/web'], ...port80, ...checked('/fog/health') },
  'fogdeck-test/unhealthy:1': { Cmd: ['/fog/web'], ...port80, ...checked('/fog/sick') },
  /** Does what official images do as root; its last log line says whether that worked. */
  'fogdeck-test/root:1': { Cmd: ['/fog/root'] },
  'fogdeck-test/exit1:1': shell('echo fatal: cannot read configuration >&2; exit 1'),
  /** Exits with code CODE (default 3) after AFTER (default 2) seconds. */
  'fogdeck-test/crash:1': { Cmd: ['/fog/crash'] },
  /**
   * Their last lines test storing: one has a character that PostgreSQL's text can't hold, one has an emoji at the cut.
   */
  'fogdeck-test/nul:1': shell("printf 'bye \\000 end\\n'; exit 1"),
  'fogdeck-test/long-line:1': shell(
    "head -c 298 /dev/zero | tr '\\0' x; printf '\\360\\237\\230\\200 and more\\n'; exit 1",
  ),
  'fogdeck-test/bad-command:1': { Cmd: ['/there/is/no/such/program'] },
  /** Ignores SIGTERM. */
  'fogdeck-test/ignore-term:1': { Cmd: ['/fog/ignore'] },
  /** Allocates 64 MiB after a second. */
  'fogdeck-test/oom:1': shell('sleep 1; exec dd if=/dev/zero of=/dev/null bs=64M count=1000000'),
  /** Uses all the processor time that it gets. */
  'fogdeck-test/burn:1': shell("trap 'exit 0' TERM; while :; do :; done"),
} satisfies Record<string, ImageConfig>

export type TestImage = keyof typeof images
export const testImages = Object.keys(images) as TestImage[]

/** The file system of all images, as an archive. */
export const imageLayer = (): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-layer-'))
  try {
    makeRoot(folder)
    return tarOf(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The configuration of an image. */
export const imageConfig = (image: TestImage, env: string[] = []) => ({
  architecture: architectures[process.arch] ?? process.arch,
  os: 'linux',
  config: { WorkingDir: '/', ...images[image], Env: ['PATH=/bin', ...env] },
  history: [{ created: '2026-01-01T00:00:00Z', created_by: 'busybox' }],
})

const tarOf = (from: string): Buffer =>
  execFileSync('tar', ['-C', from, '--owner=0', '--group=0', '-c', '.'], { maxBuffer: 2 ** 28 })

/** All images in one archive in the format of `docker save`, so that engines store their common layer once. */
export const imageArchive = (): Buffer => {
  const folder = mkdtempSync(join(tmpdir(), 'fogdeck-images-'))
  try {
    const root = join(folder, 'root')
    makeRoot(root)
    const layer = tarOf(root)
    rmSync(root, { recursive: true })
    writeFileSync(join(folder, 'layer.tar'), layer)
    const diffId = `sha256:${createHash('sha256').update(layer).digest('hex')}`
    const manifest = testImages.map((image, index) => {
      const config = { ...imageConfig(image), rootfs: { type: 'layers', diff_ids: [diffId] } }
      writeFileSync(join(folder, `${index}.json`), JSON.stringify(config))
      return { Config: `${index}.json`, RepoTags: [image], Layers: ['layer.tar'] }
    })
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    return tarOf(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const architectures: Record<string, string> = { x64: 'amd64', arm: 'arm' }

const makeRoot = (root: string): void => {
  for (const each of ['bin', 'fog', 'www', 'tmp', 'etc', 'proc', 'sys', 'dev']) {
    mkdirSync(join(root, each), { recursive: true })
  }
  const busybox = pathOf('busybox') ?? 'busybox'
  copyFileSync(busybox, join(root, 'bin/busybox'))
  for (const applet of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).split('\n')) {
    if (applet && applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet))
  }
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\nfog:x:1000:1000::/:/bin/sh\n')
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(root, 'fog', name), text, { mode: 0o755 })
}

export const loadImages = async (http: DockerHttp, archive: Buffer): Promise<void> => {
  const call = { method: 'POST', path: '/images/load', query: { quiet: true }, body: archive } as const
  const answer = await http.call({ ...call, timeoutMs: 60_000 })
  if (answer.body.includes('"error"')) throw new Error(`test images: ${answer.body.toString('utf8')}`)
}
