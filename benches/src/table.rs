//! Medians of all runs, as a table with ratios.

use crate::run::Measured;
use std::fmt::Write;

/// The median of each measure, contender by contender in the order of their first run.
pub fn medians(runs: &[Measured]) -> Vec<Measured> {
    let mut names: Vec<&str> = Vec::new();
    for run in runs {
        if !names.contains(&run.contender.as_str()) {
            names.push(&run.contender);
        }
    }
    names
        .iter()
        .map(|name| {
            median(
                &runs
                    .iter()
                    .filter(|run| run.contender == *name)
                    .collect::<Vec<_>>(),
            )
        })
        .collect()
}

fn median(runs: &[&Measured]) -> Measured {
    let of = |measure: fn(&Measured) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(|run| measure(run)).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Measured {
        contender: runs[0].contender.clone(),
        rows_per_second: of(|run| run.rows_per_second),
        heap_growth: of(|run| run.heap_growth),
        index_growth: of(|run| run.index_growth),
        wal_bytes_per_row: of(|run| run.wal_bytes_per_row),
        longest_transaction_ms: of(|run| run.longest_transaction_ms),
        alone_p99_ms: of(|run| run.alone_p99_ms),
        p99_ms: of(|run| run.p99_ms),
        longest_stall_ms: of(|run| run.longest_stall_ms),
        failed: runs.iter().map(|run| run.failed).sum(),
        gigabytes_per_hour: of(|run| run.gigabytes_per_hour),
        commits: of(|run| run.commits),
        cpu_seconds_per_million: of(|run| run.cpu_seconds_per_million),
    }
}

/// The table in Markdown. The ratio is to the first contender, the share to the limit.
pub fn markdown(medians: &[Measured]) -> String {
    let first = medians.first().map_or(1.0, |first| first.rows_per_second);
    let limit = medians
        .iter()
        .find(|one| one.contender.starts_with("limit"))
        .map(|limit| limit.rows_per_second);
    let mut text = String::from(
        "| who | rows/s | ratio | of the limit | heap | indexes | WAL B/row | longest transaction ms | p99 ms (alone) | longest stall ms | GB/h | commits | CPU s a million |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for one in medians {
        let share = limit.map_or_else(
            || "-".to_owned(),
            |limit| format!("{:.0} %", 100.0 * one.rows_per_second / limit),
        );
        let _ = writeln!(
            text,
            "| {} | {:.0}k | {:.2} | {share} | {:.2} | {:.2} | {:.0} | {:.0} | {:.2} ({:.2}) | {:.0} | {:.0} | {:.0} | {:.1} |",
            one.contender,
            one.rows_per_second / 1_000.0,
            one.rows_per_second / first,
            one.heap_growth,
            one.index_growth,
            one.wal_bytes_per_row,
            one.longest_transaction_ms,
            one.p99_ms,
            one.alone_p99_ms,
            one.longest_stall_ms,
            one.gigabytes_per_hour,
            one.commits,
            one.cpu_seconds_per_million,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios() {
        let runs = [
            Measured::at_rate("a", 1_000.0),
            Measured::at_rate("b", 4_000.0),
            Measured::at_rate("a", 3_000.0),
            Measured::at_rate("b", 6_000.0),
            Measured::at_rate("a", 2_000.0),
        ];
        let medians = medians(&runs);
        assert_eq!(medians.len(), 2);
        assert!((medians[0].rows_per_second - 2_000.0).abs() < f64::EPSILON);
        assert_eq!(medians[0].failed, 3);
        assert!(
            markdown(&medians).contains("| b | 6k | 3.00 | - |"),
            "{}",
            markdown(&medians)
        );
    }
}
