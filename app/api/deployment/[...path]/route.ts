import { handleRest } from '@/server/api/http/rest'
import { getServices } from '@/server/wiring'

const handler = (request: Request) => handleRest(getServices(), request)

export { handler as GET, handler as POST, handler as DELETE, handler as PUT, handler as PATCH }
