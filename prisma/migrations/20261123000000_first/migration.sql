-- CreateTable
CREATE TABLE "users" (
    "id" UUID NOT NULL,
    "username" TEXT NOT NULL,
    "password_hash" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "disabled_at" TIMESTAMPTZ(3),
    "session_epoch" INTEGER NOT NULL DEFAULT 0,
    "last_login_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_tokens" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "join_tokens" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "max_uses" INTEGER,
    "uses" INTEGER NOT NULL DEFAULT 0,
    "created_by" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "join_tokens_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "nodes" (
    "id" UUID NOT NULL,
    "node_id" TEXT NOT NULL,
    "node_type" TEXT NOT NULL DEFAULT 'compute_node',
    "region" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'idle',
    "cordoned" BOOLEAN NOT NULL DEFAULT false,
    "draining" BOOLEAN NOT NULL DEFAULT false,
    "simulated" BOOLEAN NOT NULL DEFAULT false,
    "labels" JSONB NOT NULL DEFAULT '{}',
    "latitude" DOUBLE PRECISION,
    "longitude" DOUBLE PRECISION,
    "cpu_cores" DOUBLE PRECISION NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "storage_gb" INTEGER NOT NULL,
    "gpu_available" INTEGER NOT NULL DEFAULT 0,
    "reserved_cpu_millis" INTEGER NOT NULL DEFAULT 0,
    "reserved_memory_mb" INTEGER NOT NULL DEFAULT 0,
    "reserved_storage_gb" INTEGER NOT NULL DEFAULT 0,
    "reserved_gpu" INTEGER NOT NULL DEFAULT 0,
    "cpu_usage_percent" DOUBLE PRECISION,
    "memory_usage_percent" DOUBLE PRECISION,
    "last_heartbeat" TIMESTAMPTZ(3),
    "engine" TEXT NOT NULL DEFAULT 'docker',
    "engine_version" TEXT,
    "engine_error" TEXT,
    "agent_version" TEXT,
    "address" TEXT,
    "credential_hash" TEXT NOT NULL,
    "wanted_revision" BIGINT NOT NULL DEFAULT 0,
    "join_token_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "nodes_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "node_events" (
    "id" BIGSERIAL NOT NULL,
    "node_id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "kind" TEXT NOT NULL,
    "detail" TEXT NOT NULL,
    "actor" TEXT NOT NULL,

    CONSTRAINT "node_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "region_latencies" (
    "from_region" TEXT NOT NULL,
    "to_region" TEXT NOT NULL,
    "latency_ms" DOUBLE PRECISION NOT NULL,
    "measured_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "region_latencies_pkey" PRIMARY KEY ("from_region","to_region")
);

-- CreateTable
CREATE TABLE "deployments" (
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "container_image" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "target_replicas" INTEGER NOT NULL,
    "region" TEXT,
    "wait_for_capacity" BOOLEAN NOT NULL DEFAULT false,
    "max_per_node" INTEGER NOT NULL DEFAULT 1,
    "constraints" JSONB NOT NULL DEFAULT '[]',
    "policy" JSONB,
    "priority" INTEGER NOT NULL DEFAULT 50,
    "ports" JSONB NOT NULL DEFAULT '[]',
    "env_names" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "env_sealed" BYTEA,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "deployments_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_resources" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "cpu_cores" DOUBLE PRECISION NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "gpu_units" INTEGER NOT NULL DEFAULT 0,
    "storage_gb" INTEGER NOT NULL DEFAULT 10,

    CONSTRAINT "deployment_resources_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_replicas" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "node_id" UUID NOT NULL,
    "decision_id" UUID,
    "slot" INTEGER NOT NULL,
    "generation" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "wanted" TEXT NOT NULL DEFAULT 'run',
    "reserved" BOOLEAN NOT NULL DEFAULT true,
    "cpu_millis" INTEGER NOT NULL,
    "memory_mb" INTEGER NOT NULL,
    "gpu_units" INTEGER NOT NULL,
    "storage_gb" INTEGER NOT NULL,
    "score" DOUBLE PRECISION,
    "container_id" TEXT,
    "reason" TEXT,
    "exit_code" INTEGER,
    "health" TEXT,
    "ports" JSONB NOT NULL DEFAULT '[]',
    "acknowledged_at" TIMESTAMPTZ(3),
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "deployment_replicas_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "replica_status_history" (
    "id" BIGSERIAL NOT NULL,
    "replica_id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "old_status" TEXT NOT NULL,
    "new_status" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "changed_by" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "replica_status_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "deployment_status_history" (
    "id" UUID NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "deployment_id" UUID NOT NULL,
    "old_status" TEXT NOT NULL,
    "new_status" TEXT NOT NULL,
    "changed_by" TEXT NOT NULL,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reason" TEXT NOT NULL,

    CONSTRAINT "deployment_status_history_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "evaluations" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "trigger" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "priority" INTEGER NOT NULL DEFAULT 50,
    "run_after" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "leased_by" TEXT,
    "lease_expires_at" TIMESTAMPTZ(3),
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "evaluations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "decisions" (
    "id" UUID NOT NULL,
    "deployment_id" UUID NOT NULL,
    "evaluation_id" UUID NOT NULL,
    "outcome" TEXT NOT NULL,
    "request" JSONB NOT NULL,
    "policy" JSONB NOT NULL,
    "chosen" JSONB NOT NULL,
    "found" INTEGER NOT NULL,
    "message" TEXT NOT NULL,
    "own" JSONB NOT NULL DEFAULT '{}',
    "journal_seq" BIGINT NOT NULL,
    "batch_id" UUID NOT NULL,
    "batch_order" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "decisions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fleet_journal" (
    "seq" BIGSERIAL NOT NULL,
    "writer" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "data" BYTEA NOT NULL,

    CONSTRAINT "fleet_journal_pkey" PRIMARY KEY ("seq")
);

-- CreateTable
CREATE TABLE "settings" (
    "key" TEXT NOT NULL,
    "value" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT NOT NULL,

    CONSTRAINT "settings_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "scheduler_leadership" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "epoch" BIGINT NOT NULL DEFAULT 0,
    "leader" TEXT,
    "elected_at" TIMESTAMPTZ(3),
    "seen_at" TIMESTAMPTZ(3),
    "replays_checked" BIGINT NOT NULL DEFAULT 0,
    "replays_mismatched" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "scheduler_leadership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "user_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "request_hash" TEXT NOT NULL,
    "response" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("user_id","key")
);

-- CreateTable
CREATE TABLE "audit_log" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "subject_type" TEXT NOT NULL,
    "subject_id" TEXT NOT NULL,
    "before" JSONB,
    "after" JSONB,
    "address" TEXT,

    CONSTRAINT "audit_log_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "rate_limits" (
    "key" TEXT NOT NULL,
    "points" INTEGER NOT NULL,
    "expire" TIMESTAMP(3),

    CONSTRAINT "rate_limits_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_username_key" ON "users"("username");

-- CreateIndex
CREATE UNIQUE INDEX "api_tokens_token_hash_key" ON "api_tokens"("token_hash");

-- CreateIndex
CREATE INDEX "api_tokens_user_id_idx" ON "api_tokens"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "join_tokens_token_hash_key" ON "join_tokens"("token_hash");

-- CreateIndex
CREATE UNIQUE INDEX "nodes_node_id_key" ON "nodes"("node_id");

-- CreateIndex
CREATE INDEX "nodes_credential_hash_idx" ON "nodes"("credential_hash");

-- CreateIndex
CREATE INDEX "node_events_node_id_id_idx" ON "node_events"("node_id", "id");

-- CreateIndex
CREATE INDEX "deployments_status_created_at_idx" ON "deployments"("status", "created_at");

-- CreateIndex
CREATE INDEX "deployments_created_at_idx" ON "deployments"("created_at");

-- CreateIndex
CREATE INDEX "deployments_name_idx" ON "deployments"("name");

-- CreateIndex
CREATE INDEX "deployments_user_id_idx" ON "deployments"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_resources_deployment_id_key" ON "deployment_resources"("deployment_id");

-- CreateIndex
CREATE UNIQUE INDEX "deployment_replicas_deployment_id_slot_generation_key" ON "deployment_replicas"("deployment_id", "slot", "generation");

-- CreateIndex
CREATE INDEX "replica_status_history_deployment_id_id_idx" ON "replica_status_history"("deployment_id", "id");

-- CreateIndex
CREATE INDEX "replica_status_history_replica_id_id_idx" ON "replica_status_history"("replica_id", "id");

-- CreateIndex
CREATE INDEX "deployment_status_history_deployment_id_seq_idx" ON "deployment_status_history"("deployment_id", "seq");

-- CreateIndex
CREATE INDEX "evaluations_deployment_id_idx" ON "evaluations"("deployment_id");

-- CreateIndex
CREATE INDEX "decisions_deployment_id_created_at_idx" ON "decisions"("deployment_id", "created_at");

-- CreateIndex
CREATE INDEX "decisions_batch_id_idx" ON "decisions"("batch_id");

-- CreateIndex
CREATE INDEX "fleet_journal_writer_seq_idx" ON "fleet_journal"("writer", "seq");

-- CreateIndex
CREATE INDEX "fleet_journal_at_idx" ON "fleet_journal"("at");

-- CreateIndex
CREATE INDEX "audit_log_at_idx" ON "audit_log"("at");

-- AddForeignKey
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "nodes" ADD CONSTRAINT "nodes_join_token_id_fkey" FOREIGN KEY ("join_token_id") REFERENCES "join_tokens"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "node_events" ADD CONSTRAINT "node_events_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployments" ADD CONSTRAINT "deployments_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_resources" ADD CONSTRAINT "deployment_resources_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_replicas" ADD CONSTRAINT "deployment_replicas_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_replicas" ADD CONSTRAINT "deployment_replicas_node_id_fkey" FOREIGN KEY ("node_id") REFERENCES "nodes"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "replica_status_history" ADD CONSTRAINT "replica_status_history_replica_id_fkey" FOREIGN KEY ("replica_id") REFERENCES "deployment_replicas"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "deployment_status_history" ADD CONSTRAINT "deployment_status_history_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "decisions" ADD CONSTRAINT "decisions_deployment_id_fkey" FOREIGN KEY ("deployment_id") REFERENCES "deployments"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Below this line: what prisma/schema.prisma has no words for, written by hand.
-- Kept by `npm run db:migration -- --first`; the lists repeat server/domain (tests/integration/migrations.test.ts compares).

-- Words
ALTER TABLE "users" ADD CONSTRAINT "users_role_check" CHECK ("role" IN ('admin', 'operator', 'viewer'));

ALTER TABLE "deployments"
  ADD CONSTRAINT "deployments_status_check" CHECK ("status" IN ('pending', 'scheduled', 'running', 'stopped', 'failed', 'deleted')),
  ADD CONSTRAINT "deployments_type_check" CHECK ("type" IN ('compute', 'storage', 'gateway')),
  ADD CONSTRAINT "deployments_target_replicas_check" CHECK ("target_replicas" BETWEEN 0 AND 100);

ALTER TABLE "deployment_replicas"
  ADD CONSTRAINT "deployment_replicas_status_check" CHECK ("status" IN ('pending', 'starting', 'running', 'stopping', 'stopped', 'failed', 'lost')),
  ADD CONSTRAINT "deployment_replicas_wanted_check" CHECK ("wanted" IN ('run', 'stop')),
  ADD CONSTRAINT "deployment_replicas_health_check" CHECK ("health" IN ('healthy', 'unhealthy', 'starting'));

ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_status_check" CHECK ("status" IN ('pending', 'leased', 'blocked', 'done', 'dead'));

ALTER TABLE "decisions" ADD CONSTRAINT "decisions_outcome_check" CHECK ("outcome" IN ('placed', 'refused'));

ALTER TABLE "deployments" ADD CONSTRAINT "deployments_priority_check" CHECK ("priority" BETWEEN 0 AND 100);

ALTER TABLE "fleet_journal" ADD CONSTRAINT "fleet_journal_kind_check" CHECK ("kind" IN ('snapshot', 'delta'));
-- Its rows are deflated already.
ALTER TABLE "fleet_journal" ALTER COLUMN "data" SET STORAGE EXTERNAL;

-- Nobody can promise more of a node than it has. CPU is rounded as server/domain/resources.ts does: halves go up.
ALTER TABLE "nodes"
  ADD CONSTRAINT "nodes_status_check" CHECK ("status" IN ('idle', 'active', 'busy', 'offline', 'maintenance')),
  ADD CONSTRAINT "nodes_reserved_cpu_check" CHECK ("reserved_cpu_millis" BETWEEN 0 AND floor("cpu_cores" * 1000 + 0.5)),
  ADD CONSTRAINT "nodes_reserved_memory_check" CHECK ("reserved_memory_mb" BETWEEN 0 AND "memory_mb"),
  ADD CONSTRAINT "nodes_reserved_storage_check" CHECK ("reserved_storage_gb" BETWEEN 0 AND "storage_gb"),
  ADD CONSTRAINT "nodes_reserved_gpu_check" CHECK ("reserved_gpu" BETWEEN 0 AND "gpu_available");

-- A deployment has at most one piece of work that nobody has begun.
CREATE UNIQUE INDEX "evaluations_one_open_per_deployment" ON "evaluations" ("deployment_id") WHERE "status" IN ('pending', 'blocked');

-- For claiming work, and for what is live among many that ended.
CREATE INDEX "evaluations_claim_idx" ON "evaluations" ("priority" DESC, "run_after", "created_at") WHERE "status" IN ('pending', 'leased');
CREATE INDEX "deployment_replicas_reserved_node_idx" ON "deployment_replicas" ("node_id") WHERE "reserved";
CREATE INDEX "deployment_replicas_reserved_deployment_idx" ON "deployment_replicas" ("deployment_id") WHERE "reserved";

-- Room in each page for the next version of a row, so that a change of status touches no index.
ALTER TABLE "deployments" SET (fillfactor = 80);
ALTER TABLE "deployment_replicas" SET (fillfactor = 80);
ALTER TABLE "nodes" SET (fillfactor = 80);
ALTER TABLE "evaluations" SET (fillfactor = 80);

-- The one row over which schedulers hold their elections.
ALTER TABLE "scheduler_leadership" ADD CONSTRAINT "scheduler_leadership_single_row" CHECK ("id" = 1);
INSERT INTO "scheduler_leadership" ("id") VALUES (1);
