//! Ctrl-C and SIGTERM for a command that computes: the first asks it to end in order, the second ends it. Knows no command.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::failure::Failure;

/// What was asked: 0 for nothing, else the exit code that says so to a shell.
static ASKED: AtomicU8 = AtomicU8::new(0);

/// As a shell counts: 128 and the signal's number.
const EXIT_INTERRUPTED: u8 = 130;
#[cfg(unix)]
const EXIT_TERMINATED: u8 = 143;

/// Listens from now on, with a thread of the runtime. Where that cannot be, a signal ends the process as ever.
pub fn listen() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
        tokio::spawn(async move {
            loop {
                ask(tokio::select! {
                    _ = interrupt.recv() => EXIT_INTERRUPTED,
                    _ = terminate.recv() => EXIT_TERMINATED,
                });
            }
        });
    }
    #[cfg(not(unix))]
    tokio::spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            ask(EXIT_INTERRUPTED);
        }
    });
}

fn ask(exit_code: u8) {
    if ASKED.swap(exit_code, Ordering::Relaxed) > 0 {
        std::process::exit(i32::from(exit_code));
    }
}

/// Whether to end now.
pub fn asked() -> bool {
    ASKED.load(Ordering::Relaxed) > 0
}

/// Fails when the command was asked to end.
pub fn check() -> Result<(), Failure> {
    match ASKED.load(Ordering::Relaxed) {
        0 => Ok(()),
        exit_code => Err(Failure { message: "interrupted before the end".to_owned(), exit_code }),
    }
}
