import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gatewayHandler } from './handle'

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** A gateway whose application answers with the request headers that it received. */
async function openGateway(options: { trustedProxies?: string[]; publicUrl?: string }) {
  const faults: unknown[] = []
  const server = createServer(
    gatewayHandler({
      trustedProxies: options.trustedProxies ?? [],
      publicUrl: options.publicUrl ?? null,
      inner: async ({ headers, url }, response) => {
        if (url === '/broken') throw new Error('broken')
        response.end(JSON.stringify(headers))
      },
      onFault: (error) => faults.push(error),
    }),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return {
    faults,
    send: (path: string, { method = 'GET', headers = {} }: { method?: string; headers?: OutgoingHttpHeaders } = {}) =>
      new Promise<Answer>((resolve, reject) => {
        const call = request({ host: '127.0.0.1', port, path, method, headers: { host: 'fog.test', ...headers } })
        call.on('error', reject)
        call.on('response', async (response) => {
          let body = ''
          for await (const chunk of response.setEncoding('utf8')) body += chunk
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
          call.destroy()
        })
        // The gateway must not wait for an announced body that never comes.
        if (headers['content-length'] === undefined) call.end()
        else call.flushHeaders()
      }),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Gateway = Awaited<ReturnType<typeof openGateway>>

const inside = async (gateway: Gateway, headers: OutgoingHttpHeaders = {}): Promise<IncomingHttpHeaders> =>
  JSON.parse((await gateway.send('/api/health', { headers })).body)

const forged = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'evil.test',
  forwarded: 'for=203.0.113.9',
  'x-real-ip': '203.0.113.9',
  'x-fogdeck-local': '1',
  'x-fogdeck-nonce': 'mine',
  'content-security-policy': "script-src 'nonce-mine'",
}

describe('without a trusted proxy', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await openGateway({})
  })
  afterAll(() => gateway.close())

  it('the peer of the connection is the sender, whatever headers claim', async () => {
    const headers = await inside(gateway, forged)
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'fog.test',
      host: 'fog.test',
    })
    expect(headers.forwarded ?? headers['x-real-ip']).toBeUndefined()
    expect(headers['x-fogdeck-nonce']).not.toBe('mine')
    expect(headers['content-security-policy']).not.toContain('nonce-mine')
  })

  it('only a program on this machine is local, not a client of a proxy on this machine', async () => {
    expect((await inside(gateway))['x-fogdeck-local']).toBe('1')
    expect((await inside(gateway, forged))['x-fogdeck-local']).toBeUndefined()
    expect((await inside(gateway, { 'x-forwarded-for': '127.0.0.1' }))['x-fogdeck-local']).toBeUndefined()
  })

  it('each page has a content security policy with its own nonce, which the renderer receives', async () => {
    const [one, other] = [await gateway.send('/deployments'), await gateway.send('/deployments')]
    const policy = String(one.headers['content-security-policy'])
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1]
    expect(JSON.parse(one.body)['x-fogdeck-nonce']).toBe(nonce)
    expect(JSON.parse(one.body)['content-security-policy']).toBe(policy)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
    expect(other.headers['content-security-policy']).not.toBe(policy)
  })

  it('API answers are not cached and can do nothing as a page', async () => {
    const { headers } = await gateway.send('/api/health')
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(headers['permissions-policy']).toContain('camera=()')
    expect(headers['strict-transport-security']).toBeUndefined()
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each([
    ['GET', '/deployments/%E0%A4%A', 400],
    ['GET', '/api/deployment/status/%', 400],
    ['GET', 'http://elsewhere.test/api/health', 400],
    ['TRACE', '/api/health', 405],
    ['PROPFIND', '/', 405],
    ['POST', '/', 405],
    ['POST', '/deployments', 405],
  ])('answers %s %s with %i and a problem document', async (method, path, status) => {
    const answer = await gateway.send(path, { method })
    expect({ ...JSON.parse(answer.body), http: answer.status }).toMatchObject({ status, http: status })
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  it.each(['a b', '"><script>', 'fog.test/evil', 'user@fog.test', 'fog.test:port'])(
    'refuses the host %j',
    async (host) => {
      expect((await gateway.send('/', { headers: { host } })).status).toBe(400)
    },
  )

  it.each([
    ['/api/auth/callback/credentials', 16 * 1024],
    ['/api/auth/_log', 16 * 1024],
    ['/api/deployment/deploy', 256 * 1024],
    ['/api/anything', 256 * 1024],
    ['/api/trpc/me.get', 1024 * 1024],
    ['/api/trpc/agent.report', 16 * 1024 * 1024],
  ])('does not wait for a body whose announced size is too large for %s', async (path, limit) => {
    const answer = await gateway.send(path, { method: 'POST', headers: { 'content-length': limit + 1 } })
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body).detail).toBe(`The body has more than ${limit / 1024} KiB`)
  })

  it('an internal error is a 500 without its message', async () => {
    const answer = await gateway.send('/broken')
    expect(answer.status).toBe(500)
    expect(answer.body).not.toContain('broken')
    expect(gateway.faults).toEqual([new Error('broken')])
  })
})

describe('behind trusted proxies', () => {
  let gateway: Gateway
  beforeAll(async () => {
    gateway = await openGateway({ trustedProxies: ['127.0.0.1', '10.0.0.0/8'], publicUrl: 'https://fog.example.org' })
  })
  afterAll(() => gateway.close())

  it.each([
    ['203.0.113.9', '203.0.113.9'],
    ['198.51.100.1, 203.0.113.9', '203.0.113.9'],
    ['203.0.113.9, 10.1.2.3', '203.0.113.9'],
    ['10.1.2.3', '10.1.2.3'],
    ['javascript:alert(1), 10.1.2.3', '10.1.2.3'],
    ['unknown', '127.0.0.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
  ])('with the header %s the client is %s', async (forwarded, client) => {
    expect((await inside(gateway, { 'x-forwarded-for': forwarded }))['x-forwarded-for']).toBe(client)
  })

  it('scheme and host come from the proxy when they are well-formed', async () => {
    expect(await inside(gateway, { ...forged, 'x-forwarded-host': 'people.test:8443' })).toMatchObject({
      'x-forwarded-proto': 'https',
      host: 'people.test:8443',
    })
    expect(await inside(gateway, { 'x-forwarded-host': '"><script>', 'x-forwarded-proto': 'gopher' })).toMatchObject({
      'x-forwarded-proto': 'http',
      host: 'fog.test',
    })
  })

  it('a client of the proxy is local only when its own address is', async () => {
    expect((await inside(gateway, { 'x-forwarded-for': '203.0.113.9' }))['x-fogdeck-local']).toBeUndefined()
    expect((await inside(gateway, { 'x-forwarded-for': '127.0.0.1' }))['x-fogdeck-local']).toBe('1')
  })

  it('clients that use HTTPS are told to keep using it', async () => {
    expect((await gateway.send('/')).headers['strict-transport-security']).toBe('max-age=31536000')
  })
})
