//! Plots: SVG files with a white ground, a panel for each workload.
use std::path::Path;
use super::curves::Curves;
pub(crate) fn write(_curves: &Curves, _folder: &Path) {}
