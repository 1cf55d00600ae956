-- AlterTable
ALTER TABLE "deployment_replicas" ADD COLUMN     "check_output" TEXT,
ADD COLUMN     "interruptions" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "last_end_at" TIMESTAMPTZ(3),
ADD COLUMN     "last_end_reason" TEXT,
ADD COLUMN     "next_restart_at" TIMESTAMPTZ(3),
ADD COLUMN     "restarts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "restarts_in_a_row" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "standstill" TEXT,
ADD COLUMN     "unhealthy_since" TIMESTAMPTZ(3),
ADD COLUMN     "was_well" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "replica_status_history" ADD COLUMN     "health" TEXT;
