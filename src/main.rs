use std::process::ExitCode;

fn main() -> ExitCode {
    gaccong::cli::main()
}
