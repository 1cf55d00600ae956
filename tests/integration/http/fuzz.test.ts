/**
 * Hostile inputs over HTTP, through the gateway: every input gets an answer, and none gets a server error. The seed is
 * printed; FOGDECK_FUZZ_SEED repeats a run.
 */
import { createServer, type Server } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { handleAuditCsv } from '@/server/api/http/audit-csv'
import { handleLogin } from '@/server/api/http/login'
import { handleRest } from '@/server/api/http/rest'
import { handleTrpc } from '@/server/api/http/trpc-http'
import { gatewayHandler } from '@/server/gateway/handle'
import { createJoinToken } from '@/server/store/agents/join-tokens'
import { aDeployment, adminPassword, FakeAgent, type TestControlPlane, testControlPlane } from '@/testing/control-plane'
import { answering } from '@/testing/http'
import { type FuzzCall, Fuzzer } from '@/tests/fuzz'

const inputs = 3_000
const atOnce = 4
/** Only catches hangs: an input that exceeds this limit twice counts as never answered. */
const graceMs = 10_000
const seed = Number(process.env.FOGDECK_FUZZ_SEED ?? Math.floor(Math.random() * 2 ** 32))

let cp: TestControlPlane
let server: Server
let url: string
/** Requests that the gateway itself failed to serve. */
const faults: string[] = []

beforeAll(async () => {
  cp = await testControlPlane()
  server = createServer(
    gatewayHandler({
      trustedProxies: [],
      publicUrl: null,
      inner: answer,
      onFault: (error) => void faults.push(String(error)),
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await cp.close()
})

const answer = answering((pathname) => {
  const handle = pathname.startsWith('/api/trpc')
    ? handleTrpc
    : pathname === '/api/auth/login'
      ? handleLogin
      : pathname === '/api/audit.csv'
        ? handleAuditCsv
        : handleRest
  return (request) => handle(cp.services, request)
})

interface Outcome {
  status: number
  text: string
}

async function send({ method, path, headers, body, streams }: FuzzCall): Promise<Outcome> {
  const exhausted = AbortSignal.timeout(graceMs)
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    signal: exhausted,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  })
  if (streams) {
    await response.body?.cancel()
    return { status: response.status, text: '' }
  }
  return { status: response.status, text: await response.text() }
}

const stack = /^\s+at .+(:\d+:\d+|\(native\)|<anonymous>)/m

/** What is wrong with the answer to a call, as one line, or null. */
async function problemOf(call: FuzzCall): Promise<string | null> {
  const { method, path, headers, body = '' } = call
  const said = `${method} ${path.slice(0, 300)} ${headers.authorization ? 'signed in' : 'unsigned'} ${body.slice(0, 500)}`
  const outcome = await send(call).catch(() => send(call).catch((error: Error) => error))
  if (outcome instanceof Error) return `no answer (${outcome.message}): ${said}`
  if (outcome.status >= 500) return `${outcome.status}: ${said} → ${outcome.text.slice(0, 300)}`
  return stack.test(outcome.text) ? `a stack: ${said} → ${outcome.text.slice(0, 300)}` : null
}

async function fuzzer(): Promise<Fuzzer> {
  const agent = await new FakeAgent(cp).join({ name: 'fuzz-node', cpuCores: 64, memoryMb: 131_072 })
  const admin = await cp.as('admin')
  const { deployment_id } = await admin.deployment.deploy(aDeployment({ max_per_node: 5, replicas: 5 }))
  await cp.schedule()
  const { token: joinToken } = await createJoinToken(cp.store, await cp.actor('admin'), {
    name: 'fuzz',
    maxNodes: null,
    expiresInHours: 1,
  })
  const { access_token: token } = (await (await cp.login('admin', adminPassword)).json()) as { access_token: string }
  return new Fuzzer(seed, {
    token,
    credential: agent.credential,
    joinToken,
    deploymentIds: [deployment_id],
    nodeIds: [agent.id('fuzz-node')],
    replicaIds: (await agent.wanted()).map(({ replicaId }) => replicaId),
  })
}

test(`${inputs} inputs derived from the schemas and corrupted are answered, none with a server error (seed ${seed})`, {
  timeout: 600_000,
}, async () => {
  process.stderr.write(`The seed is ${seed}: FOGDECK_FUZZ_SEED=${seed} sends the same inputs again\n`)
  const source = await fuzzer()
  const calls = [...Array.from({ length: inputs }, () => source.next()), ...source.largeCalls()]
  const problems: string[] = []
  let taken = 0
  const work = calls.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const call of work) {
        const problem = await problemOf(call)
        if (problem !== null) problems.push(problem)
        taken += 1
      }
    }),
  )
  expect(taken).toBe(calls.length)
  expect(problems, `${problems.length} of ${calls.length} inputs with the seed ${seed}`).toEqual([])
  // The server still works, and the administrator is still one.
  const list = await send({ method: 'GET', path: '/api/deployment/list', headers: {} })
  expect(list.status).toBe(401)
  expect(await (await cp.as('admin')).overview.get()).toBeDefined()
})
