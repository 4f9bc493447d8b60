//! The demo: a real system, changed live.

mod crm;
mod system;

use clap::Parser;
use concertina_examples::{alphapulse, devmatrix, ecomind, roadmaps};
use std::error::Error;
use std::io::Write;

/// Changes a live system and tells how it went.
#[derive(Debug, Parser)]
pub(crate) struct Words {
    /// crm, devmatrix, rls (alphapulse), ecomind or roadmaps
    #[arg(default_value = "crm")]
    name: String,
    /// Rows of its large tables [default: 1000000 for crm, 200000 for the others]
    #[arg(long)]
    rows: Option<i64>,
    /// Queries a second of the application
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// The report as one JSON object on the last line
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let words = Words::parse();
    let other = match words.name.as_str() {
        "crm" => return crm::show(&words).await,
        "devmatrix" => devmatrix::system(),
        "rls" | "alphapulse" => alphapulse::system(),
        "ecomind" => ecomind::system(),
        "roadmaps" => roadmaps::system(),
        other => {
            return Err(format!(
                "no demo is called {other}: crm, devmatrix, rls, ecomind, roadmaps"
            )
            .into());
        }
    };
    system::show(&other, &words).await
}

pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
