import { handleLogin } from '@/server/api/http/login'
import { getServices } from '@/server/wiring'

export const POST = (request: Request) => handleLogin(getServices(), request)
