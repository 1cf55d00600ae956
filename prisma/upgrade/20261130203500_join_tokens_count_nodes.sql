-- Join tokens counted programs, each of which may have brought many nodes. They count nodes now; a token that brought more
-- than it was made for keeps them, and is used up.
UPDATE "join_tokens" t SET "uses" = greatest(t."uses", (SELECT count(*) FROM "nodes" n WHERE n."join_token_id" = t."id"));
UPDATE "join_tokens" SET "max_uses" = "uses" WHERE "max_uses" < "uses";
ALTER TABLE "join_tokens" ADD CONSTRAINT "join_tokens_uses_check" CHECK ("uses" >= 0 AND ("max_uses" IS NULL OR "uses" <= "max_uses"));
