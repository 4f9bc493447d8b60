//! Log lines on standard error, for `-v`.

use tracing_subscriber::EnvFilter;

/// Starts logging: warnings, and more with each `-v`. `CONCERTINA_LOG` overrides it.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "concertina=warn,concertina_engine=warn",
        1 => "concertina=info,concertina_engine=debug",
        _ => "concertina=debug,concertina_engine=trace,tokio_postgres=debug",
    };
    let filter =
        EnvFilter::try_from_env("CONCERTINA_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .init();
}
