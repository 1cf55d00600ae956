/**
 * The process that serves the pages and the API on one address. The application handles signals
 * (instrumentation-node.ts).
 */
import { createServer } from 'node:http'
import next from 'next'
import { readEnv } from '@/server/lib/env'
import { createLogger } from '@/server/lib/log'
import { gatewayHandler } from './handle'

const env = readEnv()
const log = createLogger('web', env.logLevel)
const server = createServer()
const pages = next({ dev: false, dir: process.cwd(), hostname: env.host, port: env.port, httpServer: server })
await pages.prepare()
server.on(
  'request',
  gatewayHandler({
    trustedProxies: env.trustedProxies,
    publicUrl: env.publicUrl,
    inner: pages.getRequestHandler(),
    onFault: (err) => log.error({ err }, 'A request could not be answered'),
  }),
)
server.listen(env.port, env.host)
