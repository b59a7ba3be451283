//! The command as a script sees it: exit codes, what is on stdout, what is on stderr.

mod bad_input;
mod golden;
mod kit;
mod mine;
mod no_stack;
