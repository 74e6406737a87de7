//! `auth-gateway`: see the library.

use std::process::ExitCode;

/// Memory of many short-lived tasks: jemalloc gives it back.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    auth_gateway::main()
}
