//! Draws how the runs grow with the length of the chains.

use std::fmt::Write as _;

use super::Row;

const WIDTH: usize = 640;
const HEIGHT: usize = 360;
const LEFT: usize = 56;
const BOTTOM: usize = 312;
const TOP: usize = 24;
const RIGHT: usize = 440;

/// The name of a line, its colour and dashes, and the runs of a row.
type Line = (&'static str, &'static str, &'static str, fn(&Row) -> usize);

/// An SVG of the runs, one point a row.
pub(crate) fn draw(rows: &[Row]) -> String {
    let most = rows.iter().map(|row| row.plain.runs.max(row.by_hand.runs));
    let most = most.max().unwrap_or(1).next_multiple_of(20);
    let x = |index: usize| LEFT + (RIGHT - LEFT) * index / (rows.len() - 1);
    let y = |runs: usize| BOTTOM - (BOTTOM - TOP) * runs / most;

    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"white\"/>\n"
    );
    for runs in (0..=most).step_by(20) {
        let (y, end) = (y(runs), LEFT - 6);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y}H{RIGHT}\" stroke=\"#ddd\"/>\
             <text x=\"{end}\" y=\"{}\" text-anchor=\"end\">{runs}</text>",
            y + 4
        );
    }
    for index in (0..rows.len()).step_by(3) {
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            x(index),
            BOTTOM + 18,
            index + 1
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">length of each of 8 chains of missing pages</text>\n\
         <text x=\"{LEFT}\" y=\"14\" text-anchor=\"middle\">runs</text>",
        LEFT.midpoint(RIGHT),
        BOTTOM + 38
    );

    let last = rows.len() - 1;
    let lines: [Line; 4] = [
        ("plain `?`", "#c33", "", |row| row.plain.runs),
        ("VmiProber by hand", "#e90", "6 6", |row| row.by_hand.runs),
        ("#[probed(options)]", "#27c", "", |row| row.probed.runs),
        ("least: longest chain + 1", "#333", "2 4", |row| {
            row.least_runs
        }),
    ];
    for (number, (name, colour, dashes, runs)) in lines.into_iter().enumerate() {
        let points = rows.iter().enumerate();
        let points = points.map(|(index, row)| format!("{},{}", x(index), y(runs(row))));
        let points = points.collect::<Vec<_>>().join(" ");
        // Two lines lie on each other where the names do not.
        let name_y = y(runs(&rows[last])) + 4 + 16 * (number % 2);
        let _ = writeln!(
            svg,
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" \
             stroke-dasharray=\"{dashes}\"/>\
             <text x=\"{}\" y=\"{name_y}\" fill=\"{colour}\">{name}</text>",
            RIGHT + 8
        );
    }
    svg.push_str("</svg>\n");
    svg
}
