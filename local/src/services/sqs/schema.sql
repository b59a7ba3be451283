CREATE TABLE IF NOT EXISTS queues (
    name TEXT PRIMARY KEY,
    attributes TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    message_id TEXT NOT NULL,
    body TEXT NOT NULL,
    attributes TEXT NOT NULL,
    group_id TEXT,
    trace_header TEXT,
    sent_ms INTEGER NOT NULL,
    visible_ms INTEGER NOT NULL,
    -- Since it came to this queue: a move to the dead-letter queue starts again.
    receive_count INTEGER NOT NULL DEFAULT 0,
    first_received_ms INTEGER,
    -- Never starts again, so that a receipt handle names one delivery.
    deliveries INTEGER NOT NULL DEFAULT 0,
    dead_letter_source TEXT
);

CREATE INDEX IF NOT EXISTS messages_by_visibility ON messages (queue, visible_ms, id);
