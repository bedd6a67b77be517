# SPDX-License-Identifier: GPL-3.0-or-later
# cells -- a map over two values. figure.gp sets the words, names, colours and places, and
# then loads this.
load 'style.gp'
load 'words.gp'

set xrange [0.5:x_most]
set yrange [0.5:y_most]
unset border
set xtics scale 0 font text_font
set ytics scale 0 font text_font
unset grid
set label 30006 rows_label at screen left_edge / width, screen 1 - (top - 9) / height \
    font text_font textcolor rgb quiet front
set label 30007 numbers_in right at screen 1 - right / width, screen 1 - (top - 9) / height \
    font text_font textcolor rgb quiet front

if (something == 0) {
    set label 30005 nothing center font 'Helvetica,17' textcolor rgb quiet front \
        at screen (left + width - right) / 2.0 / width, \
           screen (bottom + height - top) / 2.0 / height
    plot 1 / 0 notitle
    set output
    exit
}

# The scale of colours, or what they mean, on the right.
bar = (width - right + 14) / width
bar_end = (width - right + 28) / width
step_y(i) = (bottom + (height - top - bottom) * i / scale) / height
do for [i = 1:scale] {
    set object i rectangle from screen bar, screen step_y(i - 1) \
        to screen bar_end, screen step_y(i) \
        fillcolor rgb scale_rgb[i] fillstyle solid noborder front
}
if (scale > 0) {
    if (scale_log) { set logscale y2 }
    set y2range [scale_least:scale_most]
    set y2tics scale 0 offset 3, 0 font text_font textcolor rgb ink
} else {
    unset y2tics
}
do for [i = 1:swatches] {
    low = (bottom + 4 + 24 * (i - 1)) / height
    set object i rectangle from screen bar, screen low \
        to screen bar_end, screen low + 14 / height \
        fillcolor rgb swatch_rgb[i] fillstyle solid border linecolor rgb quiet front
    do for [k = 1:(swatch_striped[i] ? 3 : 0)] {
        from_x = k == 3 ? bar + 7 / width : bar
        from_y = k == 1 ? low + 7 / height : low + 14 / height
        to_x = k == 1 ? bar + 7 / width : bar_end
        to_y = k == 3 ? low + 7 / height : low
        set arrow 100 * i + k nohead front linetype 1 linewidth 1 \
            linecolor rgb '#999999' from screen from_x, screen from_y \
            to screen to_x, screen to_y
    }
    set label 20000 + i swatch[i] left font text_font textcolor rgb ink front \
        at screen bar_end + 6 / width, screen low + 7 / height
}
do for [i = 1:numbers] {
    set label i ''.number[i] center font text_font textcolor rgb number_rgb[i] front \
        at first number_x[i], first number_y[i]
}

# Cells without a colour of their own are striped. The line around those that keep the
# promises is light and dark, to be seen on any.
plot 'cells.dat' using 1:2:($1 - 0.5):($1 + 0.5):($2 - 0.5):($2 + 0.5):6 with boxxyerror \
         fillstyle solid border linecolor rgb '#ffffff' linewidth 1 \
         fillcolor rgb variable notitle, \
     'stripes.dat' using 1:2:3:4 with vectors nohead linetype 1 linewidth 1 \
         linecolor rgb '#999999' notitle, \
     'frontier.dat' using 1:2:3:4 with vectors nohead linetype 1 linewidth 6 \
         linecolor rgb '#ffffff' notitle, \
     'frontier.dat' using 1:2:3:4 with vectors nohead linetype 1 linewidth 3 \
         linecolor rgb '#000000' notitle
set output
