//! Runs a library's code that may panic on a damaged file: the panic becomes an answer, and says nothing on stderr.
//! Knows no library and no file.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The panic hook is one for all threads: it is set once, and stays quiet only where a guard is at work.
static HOOK: Once = Once::new();

/// What the work answers; `None` when it panicked. What it changed must not be used after that.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                loud(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    let answer = catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(outer);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_an_answer() {
        assert_eq!(guarded(|| 7), Some(7));
        assert_eq!(guarded(|| [1, 2].iter().find(|&&at| at > 2).expect("none").to_owned()), None);
        assert_eq!(guarded(|| guarded(|| panic!("inside")).is_none() && GUARDED.get()), Some(true));
        assert!(!GUARDED.get());
    }
}
