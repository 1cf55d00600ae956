import { handleTrpc } from '@/server/api/http/trpc-http'
import { getServices } from '@/server/wiring'

const handler = (request: Request) => handleTrpc(getServices(), request)

export { handler as GET, handler as POST }
