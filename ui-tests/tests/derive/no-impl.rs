//! An error of one's own without the derive: the error names the remedy.

use prober::{SuppressedPages, retry, testing::Guest};

#[derive(Debug)]
enum AppError {
    BadMagic,
}

fn main() {
    let guest = Guest::new();
    let mut suppressed = SuppressedPages::new();
    let _ = retry(&mut &guest, &mut suppressed, |_| Err::<(), _>(AppError::BadMagic));
}
