//! The table as pictures.

use crate::Result;
use crate::run::Measured;
use plotters::prelude::*;
use std::path::Path;

/// Bars, one for each contender, with its value beside it.
///
/// # Errors
///
/// When the file can't be written.
pub fn bars(path: &Path, title: &str, medians: &[Measured], value: fn(&Measured) -> f64, unit: &str) -> Result<()> {
    let rows = u32::try_from(medians.len())?;
    let area = SVGBackend::new(path, (760, 60 + 34 * rows)).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(title.to_owned(), (16, 14), ("sans-serif", 18).into_font()))?;
    let most = medians.iter().map(value).fold(f64::MIN_POSITIVE, f64::max);
    for (at, one) in medians.iter().enumerate() {
        let top = 52 + 34 * i32::try_from(at)?;
        let length = (400.0 * value(one) / most).round() as i32;
        let colour =
            if one.contender.starts_with("Concertina") { RGBColor(38, 110, 160) } else { RGBColor(150, 150, 150) };
        area.draw(&Text::new(one.contender.clone(), (16, top + 4), ("sans-serif", 14).into_font()))?;
        area.draw(&Rectangle::new([(230, top), (230 + length.max(1), top + 22)], colour.filled()))?;
        let label = if value(one) >= 1_000.0 {
            format!("{:.0}k {unit}", value(one) / 1_000.0)
        } else {
            format!("{:.2} {unit}", value(one))
        };
        area.draw(&Text::new(label, (240 + length, top + 4), ("sans-serif", 14).into_font()))?;
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_a_bar_for_each() -> Result<()> {
        let path = std::env::temp_dir().join(format!("concertina-plot-{}.svg", std::process::id()));
        let both = [Measured::at_rate("one UPDATE", 900.0), Measured::at_rate("Concertina", 4_000.0)];
        bars(&path, "rows", &both, |m| m.rows_per_second, "rows/s")?;
        let text = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        assert!(text.contains("4k rows/s") && text.contains("900.00 rows/s"), "{text}");
        Ok(())
    }
}
