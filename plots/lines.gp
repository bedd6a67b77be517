# SPDX-License-Identifier: GPL-3.0-or-later
# lines -- y over x. figure.gp sets the words, ranges, tics and places, and then loads
# this.
load 'style.gp'
load 'words.gp'
load 'tags.gp'

if (y_log) { set logscale y }
set xrange [x_least:x_most]
set yrange [y_least:y_most]
set ytics scale 0
set grid ytics

colour_of_mark(i) = mark_curve[i] ? colour_of(mark_curve[i]) : ink
# Across: a promise, and what breaks it; upright: where something is full, or happens,
# with its interval. On the upper edge: what no axis shows.
do for [i = 1:marks] {
    if (mark_beyond[i]) {
        set label 10000 + i '' at first mark_at[i], screen 1 - (top + 7) / height \
            point pointtype 8 pointsize 0.9 linewidth 1.5 linecolor rgb ink front
    } else { if (mark_upright[i]) {
        set arrow i from mark_at[i], graph 0 to mark_at[i], graph 1 nohead back \
            linetype 2 linewidth 1.2 \
            linecolor rgb mark_curve[i] ? colour_of(mark_curve[i]) : quiet
        if (mark_high[i] > mark_low[i]) {
            set object i rectangle from first mark_low[i], graph 0 \
                to first mark_high[i], graph 1 behind fillstyle solid 0.12 noborder \
                fillcolor rgb mark_curve[i] ? colour_of(mark_curve[i]) : quiet
        }
    } else {
        set arrow i from graph 0, first mark_at[i] to graph 1, first mark_at[i] \
            nohead back linetype 4 linewidth 1.6 linecolor rgb colour_of_mark(i)
        if (mark_zone[i]) {
            set object i rectangle from graph 0, first mark_at[i] to graph 1, graph 1 \
                behind fillstyle solid 0.06 noborder fillcolor rgb colour_of_mark(i)
        }
    } }
    set label i ''.mark[i] left font text_font \
        textcolor rgb colour_of_mark(i) front \
        at screen mark_x[i] / width, screen mark_y[i] / height
}

if (something == 0) {
    set label 30005 nothing center font 'Helvetica,17' textcolor rgb quiet front \
        at screen (left + width - right) / 2.0 / width, \
           screen (bottom + height - top) / 2.0 / height
    plot 1 / 0 notitle
    set output
    exit
}

hollow_of(i) = int(word('6 4 8 12 10 14', (i - 1) % 6 + 1))
solid_of(i) = int(word('7 5 9 13 11 15', (i - 1) % 6 + 1))

# Bands first, so that no band covers a line.
plot for [i = 1:curves] sprintf('curve%d.dat', i) using 1:3:4 \
         with filledcurves fillstyle transparent solid 0.15 noborder \
         linecolor rgb colour_of(i) notitle, \
     for [i = 1:curves] sprintf('hollow%d.dat', i) using 1:2:3:4 with yerrorbars \
         linetype 1 linewidth 1 pointtype 0 linecolor rgb colour_of(i) notitle, \
     for [i = 1:curves] sprintf('curve%d.dat', i) using 1:2 with lines \
         linetype dash_of(i) linewidth 2.2 linecolor rgb colour_of(i) notitle, \
     for [i = 1:(point_size > 0 ? curves : 0)] sprintf('curve%d.dat', i) using 1:2 with points \
         pointtype solid_of(i) pointsize point_size linecolor rgb colour_of(i) notitle, \
     for [i = 1:curves] sprintf('hollow%d.dat', i) using 1:2 with points \
         pointtype hollow_of(i) pointsize 0.9 linewidth 1.5 \
         linecolor rgb colour_of(i) notitle
set output
