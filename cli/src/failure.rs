//! Why a command ended badly, in one sentence for a person, and the exit code a script sees. Knows no command.

use std::fmt;

/// What is said last on stderr, and the process's exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    pub message: String,
    pub exit_code: u8,
}

/// The command could not do its work: a server, a network, a disk.
pub const EXIT_FAILED: u8 = 1;
/// What was given cannot be used: a file, an option. Trying again changes nothing.
pub const EXIT_BAD_INPUT: u8 = 2;
/// The work is done, but some rows of the file were left out.
pub const EXIT_SOME_REJECTED: u8 = 3;

impl Failure {
    pub fn run(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: EXIT_FAILED }
    }
    pub fn input(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: EXIT_BAD_INPUT }
    }
    pub fn some_rejected(message: impl Into<String>) -> Self {
        Self { message: message.into(), exit_code: EXIT_SOME_REJECTED }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
