pub mod json;
pub mod judge;
use std::process::ExitCode;
pub struct Failure { pub code: u8, pub message: String }
impl Failure {
    pub fn usage(m: impl ToString) -> Self { Self { code: 2, message: m.to_string() } }
    pub fn output(m: std::io::Error) -> Self { Self { code: 3, message: m.to_string() } }
}
pub fn main() -> ExitCode {
    let words = crate::words::Words::new(crate::words::Lang::Vi);
    let path = std::env::args().nth(3).unwrap_or_default();
    match judge::batch(std::path::Path::new(&path), &words) { Ok(()) => ExitCode::SUCCESS, Err(f) => { eprintln!("{}", f.message); ExitCode::from(f.code) } }
}
