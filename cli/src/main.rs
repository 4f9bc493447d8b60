//! `concertina`: words in, words and bars out.

mod args;
mod command;
mod draw;
mod exit;
mod limits;

use clap::Parser;
use exit::Exit;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words = match args::Words::try_parse() {
        Ok(words) => words,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                Exit::Error.into()
            } else {
                Exit::Done.into()
            };
        }
    };
    draw::log::start(words.common.verbose);
    match command::run(&words) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            draw::failure::print(&failure, words.common.json);
            Exit::from(&failure).into()
        }
    }
}
