import { handleNextAuth } from '@/server/api/http/next-auth'
import { getServices } from '@/server/wiring'

const handler = (request: Request) => handleNextAuth(getServices(), request)

export { handler as GET, handler as POST }
