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
pub fn bars(
    path: &Path,
    title: &str,
    medians: &[Measured],
    value: fn(&Measured) -> f64,
    unit: &str,
) -> Result<()> {
    let rows = u32::try_from(medians.len())?;
    let area = SVGBackend::new(path, (760, 60 + 34 * rows)).into_drawing_area();
    area.fill(&WHITE)?;
    area.draw(&Text::new(
        title.to_owned(),
        (16, 14),
        ("sans-serif", 18).into_font(),
    ))?;
    let most = medians.iter().map(value).fold(f64::MIN_POSITIVE, f64::max);
    for (at, one) in medians.iter().enumerate() {
        let top = 52 + 34 * i32::try_from(at)?;
        let length = (400.0 * value(one) / most).round() as i32;
        let colour = if one.contender.starts_with("Concertina") {
            RGBColor(38, 110, 160)
        } else {
            RGBColor(150, 150, 150)
        };
        area.draw(&Text::new(
            one.contender.clone(),
            (16, top + 4),
            ("sans-serif", 14).into_font(),
        ))?;
        area.draw(&Rectangle::new(
            [(230, top), (230 + length.max(1), top + 22)],
            colour.filled(),
        ))?;
        let label = if value(one) >= 1_000.0 {
            format!("{:.0}k {unit}", value(one) / 1_000.0)
        } else {
            format!("{:.2} {unit}", value(one))
        };
        area.draw(&Text::new(
            label,
            (240 + length, top + 4),
            ("sans-serif", 14).into_font(),
        ))?;
    }
    area.present()?;
    Ok(())
}

/// One cell of a heat table: what stands in it, and how good it is, from 0 to 1.
#[derive(Debug, Clone)]
pub struct Heat {
    /// What stands in it.
    pub text: String,
    /// 0 is bad, 1 is good.
    pub good: f64,
}

/// A heat table: names of columns, and rows with their names.
///
/// # Errors
///
/// When the file can't be written.
pub fn heat(
    path: &Path,
    title: &str,
    columns: &[String],
    rows: &[(String, Vec<Heat>)],
) -> Result<()> {
    const NAMES: i32 = 300;
    const CELL: (i32, i32) = (190, 30);
    let width = NAMES + CELL.0 * i32::try_from(columns.len())? + 16;
    let height = 84 + CELL.1 * i32::try_from(rows.len())?;
    let area =
        SVGBackend::new(path, (u32::try_from(width)?, u32::try_from(height)?)).into_drawing_area();
    let font = |size: i32| ("sans-serif", size).into_font();
    area.fill(&WHITE)?;
    area.draw(&Text::new(title.to_owned(), (16, 14), font(18)))?;
    for (at, column) in columns.iter().enumerate() {
        let left = NAMES + CELL.0 * i32::try_from(at)?;
        area.draw(&Text::new(column.clone(), (left + 8, 50), font(14)))?;
    }
    for (at, (name, cells)) in rows.iter().enumerate() {
        let top = 72 + CELL.1 * i32::try_from(at)?;
        area.draw(&Text::new(name.clone(), (16, top + 7), font(14)))?;
        for (at, cell) in cells.iter().enumerate() {
            let left = NAMES + CELL.0 * i32::try_from(at)?;
            let good = cell.good.clamp(0.0, 1.0);
            let shade = |from: f64, to: f64| (from + (to - from) * good).round() as u8;
            let colour = RGBColor(
                shade(235.0, 150.0),
                shade(150.0, 215.0),
                shade(140.0, 160.0),
            );
            area.draw(&Rectangle::new(
                [(left, top), (left + CELL.0 - 2, top + CELL.1 - 2)],
                colour.filled(),
            ))?;
            area.draw(&Text::new(cell.text.clone(), (left + 8, top + 7), font(14)))?;
        }
    }
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heat_table_has_all_its_cells() -> Result<()> {
        let path = std::env::temp_dir().join(format!("concertina-heat-{}.svg", std::process::id()));
        let cell = |text: &str, good| Heat {
            text: text.to_owned(),
            good,
        };
        let rows = [(
            "alone".to_owned(),
            vec![cell("3.0x", 1.0), cell("1.9x", 0.0)],
        )];
        heat(
            &path,
            "ratios",
            &["near".to_owned(), "far".to_owned()],
            &rows,
        )?;
        let text = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        assert!(
            ["alone", "near", "far", "3.0x", "1.9x"]
                .iter()
                .all(|word| text.contains(word)),
            "{text}"
        );
        Ok(())
    }

    #[test]
    fn a_picture_has_a_bar_for_each() -> Result<()> {
        let path = std::env::temp_dir().join(format!("concertina-plot-{}.svg", std::process::id()));
        let both = [
            Measured::at_rate("one UPDATE", 900.0),
            Measured::at_rate("Concertina", 4_000.0),
        ];
        bars(&path, "rows", &both, |m| m.rows_per_second, "rows/s")?;
        let text = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        assert!(
            text.contains("4k rows/s") && text.contains("900.00 rows/s"),
            "{text}"
        );
        Ok(())
    }
}
