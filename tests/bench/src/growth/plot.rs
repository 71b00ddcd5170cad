//! Plots: SVG files with a white ground, a panel for each workload.

use std::path::Path;

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;

use super::curves::{Curve, Curves, Panel, grouped, thousands};

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Outcome = Result<(), DrawingAreaErrorKind<std::io::Error>>;

const PANEL: (u32, u32) = (520, 380);
const LEGEND_ROW: i32 = 22;
const LEGEND_COLUMNS: usize = 3;
const FONT: (&str, i32) = ("sans-serif", 14);

/// They differ for eyes that tell no red from green. Ours come first.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 0, 0),
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(148, 103, 30),
    RGBColor(86, 180, 233),
    RGBColor(140, 140, 140),
];

pub(crate) fn write(curves: &Curves, folder: &Path) {
    let path = folder.join(format!("request-{}.svg", curves.file));
    let draw = || {
        let width = PANEL.0 * u32::try_from(curves.panels.len()).expect("a few");
        let rows = curves.panels[0].curves.len().div_ceil(LEGEND_COLUMNS);
        let legend = LEGEND_ROW.unsigned_abs() * u32::try_from(rows + 1).expect("a few");
        let area = SVGBackend::new(&path, (width, PANEL.1 + legend)).into_drawing_area();
        area.fill(&WHITE)?;
        let (panels, legend) = area.split_vertically(PANEL.1);
        let areas = panels.split_evenly((1, curves.panels.len()));
        for (panel, area) in curves.panels.iter().zip(&areas) {
            draw_panel(curves, panel, area)?;
        }
        draw_legend(&curves.panels[0], &legend, width)?;
        area.present()
    };
    let drawn: Outcome = draw();
    drawn.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn draw_panel(curves: &Curves, panel: &Panel, area: &Area<'_>) -> Outcome {
    let axis = Axis::of(&curves.points);
    let ours = panel.curves.iter().filter(|curve| curve.is_ours());
    let most = ours.flat_map(Curve::measured).fold(0.0, f64::max);
    // What is far more wherever it is measured would press all others to the ground.
    let is_beyond = |curve: &&Curve| curve.measured().all(|value| value > 2.0 * most);
    let shown = panel.curves.iter().filter(|curve| !is_beyond(curve));
    let top = shown.flat_map(Curve::measured).fold(0.0, f64::max) * 1.08;
    let beyond: Vec<_> = panel.curves.iter().filter(is_beyond).collect();
    let title = match &*beyond {
        [] => panel.workload.to_owned(),
        beyond => {
            let names: Vec<_> = beyond.iter().map(|curve| curve.library).collect();
            format!("{} (beyond: {})", panel.workload, names.join(", "))
        }
    };
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 17))
        .margin(12)
        .margin_right(36)
        .x_label_area_size(46)
        .y_label_area_size(62)
        .build_cartesian_2d(axis.range(), 0.0..top)?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.15))
        .label_style(FONT)
        .axis_desc_style(FONT)
        .x_labels(7)
        .x_label_formatter(&|&at| axis.label(at))
        .y_label_formatter(&|value| ((value * 100.0).round() / 100.0).to_string())
        .x_desc(curves.what)
        .y_desc(curves.unit)
        .draw()?;
    for (place, curve) in panel.curves.iter().enumerate() {
        if is_beyond(&curve) {
            continue;
        }
        let points = curves.points.iter().zip(&curve.values);
        let points = points
            .filter_map(|(&point, value)| Some((axis.place(point), thousands(value.as_ref()?))));
        let line = LineSeries::new(points, style(place, curve).filled()).point_size(3);
        chart.draw_series(line)?;
    }
    Ok(())
}

fn draw_legend(panel: &Panel, area: &Area<'_>, width: u32) -> Outcome {
    let columns = i32::try_from(LEGEND_COLUMNS).expect("a few");
    let column = i32::try_from(width).expect("it fits a page") / columns;
    for (place, curve) in panel.curves.iter().enumerate() {
        let number = i32::try_from(place).expect("a few");
        let x = 24 + number % columns * column;
        let y = 10 + number / columns * LEGEND_ROW;
        let line = vec![(x, y), (x + 28, y)];
        let style = style(place, curve);
        area.draw(&PathElement::new(line, style))?;
        area.draw(&Circle::new((x + 14, y), 3, style.filled()))?;
        area.draw(&Text::new(curve.library, (x + 36, y - 7), FONT))?;
    }
    Ok(())
}

fn style(place: usize, curve: &Curve) -> ShapeStyle {
    let width = if curve.is_ours() { 3 } else { 2 };
    COLOURS[place % COLOURS.len()].stroke_width(width)
}

impl Curve {
    fn is_ours(&self) -> bool {
        self.library.starts_with(crate::libraries::OURS)
    }

    fn measured(&self) -> impl Iterator<Item = f64> {
        self.values.iter().flatten().map(thousands)
    }
}

/// Where the points lie: as they are, or their powers of ten where they span many.
struct Axis {
    is_of_powers: bool,
    last: usize,
}

impl Axis {
    fn of(points: &[usize]) -> Self {
        let last = points.last().copied().unwrap_or(1);
        Self {
            is_of_powers: last >= 100_000,
            last,
        }
    }

    fn range(&self) -> std::ops::Range<f64> {
        let margin = self.place(self.last) * 0.02;
        -margin..self.place(self.last) + margin
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "a place on paper needs no more digits"
    )]
    fn place(&self, point: usize) -> f64 {
        let point = point as f64;
        if self.is_of_powers {
            point.log10()
        } else {
            point
        }
    }

    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a label is a whole number"
    )]
    fn label(&self, at: f64) -> String {
        let number = if self.is_of_powers {
            10_f64.powf(at)
        } else {
            at
        };
        if at.fract().abs() > 1e-6 || number < 0.0 {
            return String::new();
        }
        grouped(number.round() as usize)
    }
}
