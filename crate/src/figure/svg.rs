//! A drawing as SVG text. Labels are escaped: whatever they hold is text.

use std::fmt::Write;

use super::colour::Rgb;
use super::drawing::{Anchor, Cells, Drawing, FONT, Shape, Text};

/// The drawing as a document of its own. Each cell is a `<rect>` with `data-destination`, `data-source` and
/// `data-value`, one number for each of the group's `data-heads`.
pub fn svg(drawing: &Drawing, background: Rgb) -> String {
    let Drawing { width, height, ratio, shapes } = drawing;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"{FONT}\">\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        width / ratio,
        height / ratio,
        hex(background)
    );
    for shape in shapes {
        // Writing to a string can't fail.
        let _ = write_shape(&mut out, shape);
    }
    out.push_str("</svg>\n");
    out
}

fn write_shape(out: &mut String, shape: &Shape) -> std::fmt::Result {
    match shape {
        Shape::Cells(cells) => write_cells(out, cells),
        Shape::Rect { left, top, width, height, fill, stroke } => {
            let fill = fill.map_or("none".into(), hex);
            write!(out, "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"")?;
            if let Some((colour, line)) = stroke {
                write!(out, " stroke=\"{}\" stroke-width=\"{line}\"", hex(*colour))?;
            }
            out.push_str("/>\n");
            Ok(())
        }
        Shape::Text(text) => write_text(out, text),
        Shape::Link { from: (x0, y0), to: (x1, y1), width, colour, opacity } => {
            let (middle, colour) = ((x0 + x1) / 2.0, hex(*colour));
            write!(out, "<path d=\"M{x0} {y0} C{middle} {y0} {middle} {y1} {x1} {y1}\" fill=\"none\"")?;
            writeln!(out, " stroke=\"{colour}\" stroke-width=\"{width}\" stroke-opacity=\"{opacity}\"/>")
        }
    }
}

fn write_cells(out: &mut String, cells: &Cells) -> std::fmt::Result {
    let Cells { left, top, cell, columns, colours, rows, heads, values } = cells;
    out.push_str("<g shape-rendering=\"crispEdges\"");
    if !heads.is_empty() {
        write!(out, " data-heads=\"{}\"", heads.join(" "))?;
    }
    out.push_str(">\n");
    for (number, colour) in colours.iter().enumerate() {
        let (row, column) = (number / columns, number % columns);
        let (destination, source) = rows.swap(row, column);
        let (x, y) = (left + column as f64 * cell, top + row as f64 * cell);
        write!(out, "<rect x=\"{x}\" y=\"{y}\" width=\"{cell}\" height=\"{cell}\" fill=\"{}\"", hex(*colour))?;
        if heads.is_empty() {
            out.push_str("/>\n");
            continue;
        }
        write!(out, " data-destination=\"{destination}\" data-source=\"{source}\"")?;
        let shown: Vec<String> = values
            .iter()
            .map(|values| values[number])
            .filter(|value| !value.is_nan())
            .map(|value| value.to_string())
            .collect();
        if shown.is_empty() {
            out.push_str("/>\n");
        } else {
            let text = shown.join(" ");
            writeln!(out, " data-value=\"{text}\"><title>{text}</title></rect>")?;
        }
    }
    out.push_str("</g>\n");
    Ok(())
}

fn write_text(out: &mut String, text: &Text) -> std::fmt::Result {
    let Text { text, x, y, size, bold, anchor, upright, colour } = text;
    let anchor = match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    };
    write!(out, "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" text-anchor=\"{anchor}\"")?;
    write!(out, " dominant-baseline=\"central\" fill=\"{}\"", hex(*colour))?;
    if *bold {
        out.push_str(" font-weight=\"600\"");
    }
    if *upright {
        write!(out, " transform=\"rotate(-90 {x} {y})\"")?;
    }
    writeln!(out, ">{}</text>", escaped(text))
}

fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Text that XML reads as itself. Characters that XML cannot hold are replaced.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            '\t' | '\n' | '\r' => " ".into(),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => "\u{fffd}".into(),
            c => String::from(c),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_text_whatever_they_hold() {
        let label = |text: &str| Drawing {
            width: 10.0,
            height: 10.0,
            ratio: 1.0,
            shapes: vec![Shape::Text(Text::new(text, (0.0, 0.0), 11.0, Anchor::Start, [0; 3]))],
        };
        let text = svg(&label("<script>alert(\"&\")</script>\u{0}"), [255; 3]);
        assert!(text.contains(">&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;\u{fffd}</text>"), "{text}");
        assert_eq!(text.matches('<').count(), 5, "svg, rect, text and two ends: {text}");
    }
}
