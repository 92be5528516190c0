-- The first schema. Ids are UUIDv7 text made in Go; instants are UTC milliseconds;
-- dates are local "2006-01-02" text. Every row that a person can see names the
-- organisation that owns it, or hangs on a ticket whose parties do.

CREATE TABLE job (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL,
	unique_key TEXT,
	state TEXT NOT NULL CHECK (state IN ('ready', 'running', 'done', 'dead')),
	run_at BIGINT NOT NULL,
	attempt INTEGER NOT NULL DEFAULT 0,
	max_attempts INTEGER NOT NULL,
	payload TEXT NOT NULL,
	last_error TEXT NOT NULL DEFAULT '',
	node TEXT NOT NULL DEFAULT '',
	lease_until BIGINT NOT NULL DEFAULT 0,
	created_at BIGINT NOT NULL,
	finished_at BIGINT
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX job_ready ON job (run_at, id) WHERE state = 'ready';
CREATE INDEX job_running ON job (node, lease_until) WHERE state = 'running';
CREATE INDEX job_dead ON job (id) WHERE state = 'dead';
CREATE INDEX job_done ON job (finished_at) WHERE state = 'done';
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state IN ('ready', 'running');

CREATE TABLE job_schedule (
	name TEXT PRIMARY KEY,
	next_at BIGINT NOT NULL
);

-- What a store knows of itself, for example which keys belong to it.
CREATE TABLE store_mark (
	name TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE number_block (
	name TEXT PRIMARY KEY,
	next BIGINT NOT NULL
);

-- One append-only log. position and chain are set by the sequencer after commit.
CREATE TABLE event (
	subject_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL,
	at BIGINT NOT NULL,
	actor_id TEXT NOT NULL DEFAULT '',
	actor_kind TEXT NOT NULL,
	org_id TEXT NOT NULL DEFAULT '',
	room_id TEXT NOT NULL DEFAULT '',
	clause TEXT NOT NULL DEFAULT '',
	data TEXT NOT NULL DEFAULT '{}',
	position BIGINT,
	chain TEXT,
	PRIMARY KEY (subject_id, id)
);
CREATE INDEX event_unsealed ON event (id) WHERE position IS NULL;
CREATE UNIQUE INDEX event_position ON event (position) WHERE position IS NOT NULL;

CREATE TABLE organisation (
	id TEXT PRIMARY KEY,
	kind TEXT NOT NULL CHECK (kind IN ('vendor', 'partner', 'customer')),
	name TEXT NOT NULL,
	domain TEXT NOT NULL DEFAULT '',
	zone TEXT NOT NULL DEFAULT 'UTC',
	created_at BIGINT NOT NULL
);
CREATE INDEX organisation_domain ON organisation (domain) WHERE domain <> '';
CREATE INDEX organisation_kind ON organisation (kind, id);

-- An organisation provides a level when it has a desk for it.
CREATE TABLE desk (
	org_id TEXT NOT NULL REFERENCES organisation (id),
	level TEXT NOT NULL,
	name TEXT NOT NULL,
	address TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (org_id, level)
);
CREATE INDEX desk_address ON desk (address) WHERE address <> '';

CREATE TABLE person (
	id TEXT PRIMARY KEY,
	org_id TEXT REFERENCES organisation (id),
	name TEXT NOT NULL,
	email TEXT NOT NULL UNIQUE,
	zone TEXT NOT NULL DEFAULT '',
	password TEXT NOT NULL DEFAULT '',
	disabled BOOLEAN NOT NULL DEFAULT FALSE,
	created_at BIGINT NOT NULL
);
CREATE INDEX person_org ON person (org_id);

-- role: level (serves the level named), admin, end-user, manager, owner (policy owner).
CREATE TABLE membership (
	person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
	role TEXT NOT NULL CHECK (role IN ('level', 'admin', 'end-user', 'manager', 'owner')),
	level TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (person_id, role, level)
);

CREATE TABLE session (
	hash TEXT PRIMARY KEY,
	person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
	created_at BIGINT NOT NULL,
	seen_at BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	agent TEXT NOT NULL DEFAULT ''
);
CREATE INDEX session_person ON session (person_id);

CREATE TABLE api_token (
	hash TEXT PRIMARY KEY,
	id TEXT NOT NULL UNIQUE,
	person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
	name TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX api_token_person ON api_token (person_id);

CREATE TABLE product (
	id TEXT PRIMARY KEY,
	name TEXT NOT NULL
);

-- end_of_life: the last supported day, whole in the policy's zone; empty while none is announced.
CREATE TABLE product_version (
	product_id TEXT NOT NULL REFERENCES product (id),
	version TEXT NOT NULL,
	released_on TEXT NOT NULL,
	end_of_life TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (product_id, version)
);

-- partner_id: the partner who looks after the account, if any.
CREATE TABLE account (
	id TEXT PRIMARY KEY,
	org_id TEXT NOT NULL REFERENCES organisation (id),
	name TEXT NOT NULL,
	product_id TEXT NOT NULL REFERENCES product (id),
	product_type TEXT NOT NULL,
	region TEXT NOT NULL DEFAULT '',
	partner_id TEXT REFERENCES organisation (id),
	contract_starts TEXT NOT NULL DEFAULT '',
	contract_ends TEXT NOT NULL DEFAULT '',
	maintenance_until TEXT NOT NULL DEFAULT '',
	new_releases BOOLEAN NOT NULL DEFAULT FALSE,
	default_instance_id TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL
);
CREATE INDEX account_org ON account (org_id);
CREATE INDEX account_partner ON account (partner_id) WHERE partner_id IS NOT NULL;

CREATE TABLE instance (
	id TEXT PRIMARY KEY,
	account_id TEXT NOT NULL REFERENCES account (id),
	name TEXT NOT NULL,
	url TEXT NOT NULL DEFAULT '',
	version TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL
);
CREATE INDEX instance_account ON instance (account_id);

CREATE TABLE policy_version (
	number INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	source TEXT NOT NULL,
	hash TEXT NOT NULL,
	effective_at BIGINT NOT NULL,
	published_at BIGINT NOT NULL,
	published_by TEXT NOT NULL DEFAULT ''
);

-- due_sort is due_at, or the greatest integer when no clock runs; active: stands in a queue.
CREATE TABLE ticket (
	id TEXT PRIMARY KEY,
	number BIGINT NOT NULL,
	subject TEXT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('incomplete', 'new', 'open', 'waiting', 'solved', 'closed', 'declined')),
	active BOOLEAN NOT NULL,
	channel TEXT NOT NULL,
	category TEXT NOT NULL DEFAULT '',
	severity TEXT NOT NULL DEFAULT '',
	reference TEXT NOT NULL DEFAULT '',
	level TEXT NOT NULL DEFAULT '',
	provider_kind TEXT NOT NULL DEFAULT '',
	provider_org TEXT NOT NULL DEFAULT '',
	customer_org TEXT NOT NULL DEFAULT '',
	account_id TEXT NOT NULL DEFAULT '',
	instance_id TEXT NOT NULL DEFAULT '',
	requester_id TEXT NOT NULL DEFAULT '',
	requester_kind TEXT NOT NULL,
	verified BOOLEAN NOT NULL,
	assignee_id TEXT NOT NULL DEFAULT '',
	covered TEXT NOT NULL,
	effort TEXT NOT NULL,
	policy_version INTEGER NOT NULL,
	judgement INTEGER NOT NULL,
	due_at BIGINT,
	due_sort BIGINT NOT NULL,
	solved_at BIGINT,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	version INTEGER NOT NULL
);
CREATE UNIQUE INDEX ticket_number ON ticket (number);
CREATE INDEX ticket_urgent ON ticket (provider_org, level, due_sort, id) WHERE active;
CREATE INDEX ticket_newest ON ticket (provider_org, level, id) WHERE active;
CREATE INDEX ticket_level ON ticket (level, id);
CREATE INDEX ticket_state ON ticket (state, id);
CREATE INDEX ticket_customer ON ticket (customer_org, id);
CREATE INDEX ticket_requester ON ticket (requester_id, id);
CREATE INDEX ticket_assignee ON ticket (assignee_id, id) WHERE active AND assignee_id <> '';

-- The organisations that have a part in a ticket: permission joins on this.
CREATE TABLE party (
	org_id TEXT NOT NULL,
	ticket_id TEXT NOT NULL,
	PRIMARY KEY (org_id, ticket_id)
) /*sqlite WITHOUT ROWID*/;

-- kind: requester (requester and the desk that serves them), levels (two desks of the
-- ladder), internal (one desk). lower_* is nearer to the asker; for internal both are the desk.
CREATE TABLE room (
	ticket_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('requester', 'levels', 'internal')),
	lower_org TEXT NOT NULL,
	lower_level TEXT NOT NULL,
	upper_org TEXT NOT NULL,
	upper_level TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (ticket_id, id)
) /*sqlite WITHOUT ROWID*/;

-- sender: the address that a mail claims and that nobody could prove.
CREATE TABLE message (
	ticket_id TEXT NOT NULL,
	id TEXT NOT NULL,
	room_id TEXT NOT NULL,
	author_id TEXT NOT NULL DEFAULT '',
	author_org TEXT NOT NULL DEFAULT '',
	channel TEXT NOT NULL,
	body TEXT NOT NULL,
	quoted TEXT NOT NULL DEFAULT '',
	sender TEXT NOT NULL DEFAULT '',
	verified BOOLEAN NOT NULL,
	automatic BOOLEAN NOT NULL DEFAULT FALSE,
	mail_state TEXT NOT NULL DEFAULT '',
	created_at BIGINT NOT NULL,
	PRIMARY KEY (ticket_id, id)
);

CREATE TABLE attachment (
	ticket_id TEXT NOT NULL,
	id TEXT NOT NULL,
	room_id TEXT NOT NULL,
	message_id TEXT NOT NULL DEFAULT '',
	name TEXT NOT NULL,
	content_type TEXT NOT NULL,
	size BIGINT NOT NULL,
	hash TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (ticket_id, id)
);

-- Every decision with the whole situation, for "why" and for replays.
CREATE TABLE judgement (
	ticket_id TEXT NOT NULL,
	seq INTEGER NOT NULL,
	trigger_event TEXT NOT NULL,
	at BIGINT NOT NULL,
	policy_version INTEGER NOT NULL,
	situation TEXT NOT NULL,
	decision TEXT NOT NULL,
	PRIMARY KEY (ticket_id, seq)
);

-- What has been given for the gates so far; access is sealed.
CREATE TABLE information (
	ticket_id TEXT PRIMARY KEY,
	data TEXT NOT NULL,
	access BYTEA,
	updated_at BIGINT NOT NULL
);

CREATE TABLE handover (
	ticket_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('submit', 'escalate', 'return')),
	from_level TEXT NOT NULL,
	to_level TEXT NOT NULL,
	from_org TEXT NOT NULL,
	to_org TEXT NOT NULL,
	person_id TEXT NOT NULL,
	at BIGINT NOT NULL,
	reason TEXT NOT NULL DEFAULT '',
	data TEXT NOT NULL DEFAULT '{}',
	PRIMARY KEY (ticket_id, id)
);

-- Raw mail as it came in: in the row while small, in the blob store when large.
CREATE TABLE mail_in (
	id TEXT PRIMARY KEY,
	dedupe_key TEXT NOT NULL UNIQUE,
	received_at BIGINT NOT NULL,
	sender TEXT NOT NULL,
	recipients TEXT NOT NULL,
	remote TEXT NOT NULL,
	verified BOOLEAN NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('ticket', 'message', 'held', 'unreadable', 'ignored')),
	ticket_id TEXT NOT NULL DEFAULT '',
	message_id TEXT NOT NULL DEFAULT '',
	raw BYTEA,
	blob_hash TEXT NOT NULL DEFAULT ''
);
CREATE INDEX mail_in_ticket ON mail_in (ticket_id);

-- Every Message-ID that was ever seen in a ticket, ours and theirs.
CREATE TABLE mail_ref (
	mail_id TEXT NOT NULL,
	ticket_id TEXT NOT NULL,
	room_id TEXT NOT NULL,
	PRIMARY KEY (mail_id, ticket_id)
) /*sqlite WITHOUT ROWID*/;

-- Automatic mails per address, for the loop guard.
CREATE TABLE mail_sent (
	id TEXT PRIMARY KEY,
	ticket_id TEXT NOT NULL,
	address TEXT NOT NULL,
	automatic BOOLEAN NOT NULL,
	state TEXT NOT NULL,
	error TEXT NOT NULL DEFAULT '',
	at BIGINT NOT NULL
);
CREATE INDEX mail_sent_address ON mail_sent (address, at);
CREATE INDEX mail_sent_ticket ON mail_sent (ticket_id);

-- What a key was answered with: the id of a ticket or of a message.
CREATE TABLE idempotency (
	person_id TEXT NOT NULL,
	idem_key TEXT NOT NULL,
	request_hash TEXT NOT NULL,
	result_id TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	PRIMARY KEY (person_id, idem_key)
) /*sqlite WITHOUT ROWID*/;
CREATE INDEX idempotency_age ON idempotency (created_at);
