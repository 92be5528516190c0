-- The rulebook that owners edit: drafts with their probes, simulations of a draft, and the mail that tells customers of a version.

-- probes: the probe file that was published with the version; empty when there was none.
ALTER TABLE policy_version ADD COLUMN probes TEXT NOT NULL DEFAULT '';

-- base: the version that the draft began from, 0 for none; published: the version that it became, 0 while it is a draft.
CREATE TABLE policy_draft (
	id TEXT PRIMARY KEY,
	title TEXT NOT NULL,
	base INTEGER NOT NULL,
	source TEXT NOT NULL,
	probes TEXT NOT NULL,
	version INTEGER NOT NULL,
	created_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_by TEXT NOT NULL,
	updated_at BIGINT NOT NULL,
	published INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX policy_draft_open ON policy_draft (updated_at) WHERE published = 0;

-- draft_version: the text that was simulated; since_at: judgements from this instant on; report: JSON, empty until done.
CREATE TABLE policy_simulation (
	id TEXT PRIMARY KEY,
	draft_id TEXT NOT NULL REFERENCES policy_draft (id) ON DELETE CASCADE,
	draft_version INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
	since_at BIGINT NOT NULL,
	done BIGINT NOT NULL DEFAULT 0,
	total BIGINT NOT NULL DEFAULT 0,
	report TEXT NOT NULL DEFAULT '',
	error TEXT NOT NULL DEFAULT '',
	started_by TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	finished_at BIGINT
);
CREATE INDEX policy_simulation_draft ON policy_simulation (draft_id, id);

-- What customers are told of a version, as its owner saw it before publishing.
CREATE TABLE policy_notice (
	number INTEGER PRIMARY KEY REFERENCES policy_version (number),
	subject TEXT NOT NULL,
	body TEXT NOT NULL
);

CREATE TABLE policy_letter (
	number INTEGER NOT NULL REFERENCES policy_notice (number),
	person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
	state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'unsent')),
	error TEXT NOT NULL DEFAULT '',
	at BIGINT NOT NULL,
	PRIMARY KEY (number, person_id)
);

-- Replays read judgements in the order of time.
CREATE INDEX judgement_at ON judgement (at, ticket_id, seq);
