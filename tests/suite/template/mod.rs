//! The template against the code: routes, settings, queues, permissions. A change of one that forgets the other
//! fails here, not in an account.

mod permissions;
mod queues;
mod routes;
mod settings;
