//! Tables for a terminal and for a page: Markdown.

pub(crate) fn print(head: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells
            .chain([head[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..head.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:width$}"));
        println!("| {} |", padded.collect::<Vec<_>>().join(" | "));
    };
    println!();
    line(&mut head.iter().copied());
    let rule: Vec<_> = widths.iter().map(|&width| "-".repeat(width)).collect();
    line(&mut rule.iter().map(String::as_str));
    for row in rows {
        line(&mut row.iter().map(String::as_str));
    }
}
