# SPDX-License-Identifier: GPL-3.0-or-later
# tail -- the fraction of requests slower than x. figure.gp sets the words, ranges, tics
# and places, and then loads this.
load 'style.gp'
load 'words.gp'

set logscale xy
set xrange [x_least:x_most]
set yrange [y_least:1]
set ytics scale 0
set y2tics scale 0 textcolor rgb quiet
set logscale y2
set y2range [y_least:1]
set grid xtics ytics

# A promise about a series has its colour.
colour_of_mark(i) = mark_curve[i] ? colour_of(mark_curve[i]) : ink
do for [i = 1:marks] {
    set arrow i from mark_x[i], y_least to mark_x[i], 1 nohead \
        linewidth 1.2 linecolor rgb colour_of_mark(i)
    if (mark_on_left[i]) {
        set label i ''.mark_label[i] right textcolor rgb colour_of_mark(i) front \
            at screen mark_label_x[i] / width, screen mark_label_y[i] / height
    } else {
        set label i ''.mark_label[i] left textcolor rgb colour_of_mark(i) front \
            at screen mark_label_x[i] / width, screen mark_label_y[i] / height
    }
    set label 10000 + i '' at mark_x[i], mark_y[i] \
        point pointtype 7 pointsize 0.6 linecolor rgb colour_of_mark(i) front
}
do for [i = 1:curves] {
    if (curve_on_left[i]) {
        set label 20000 + i ''.curve_label[i] right textcolor rgb colour_of(i) front \
            at screen curve_label_x[i] / width, screen curve_label_y[i] / height
    } else {
        set label 20000 + i ''.curve_label[i] left textcolor rgb colour_of(i) front \
            at screen curve_label_x[i] / width, screen curve_label_y[i] / height
    }
}

if (curves == 0) {
    set style textbox opaque noborder fillcolor rgb '#ffffff'
    set label 30005 nothing center boxed font 'Helvetica,17' textcolor rgb quiet front \
        at screen (left + width - right) / 2.0 / width, \
           screen (bottom + height - top) / 2.0 / height
    plot 1 / 0 notitle
    set output
    exit
}

# Bands first, so that no band covers a line.
plot for [i = 1:curves] sprintf('curve%d.dat', i) using 1:3:4 \
         with filledcurves fillstyle transparent solid 0.15 noborder \
         linecolor rgb colour_of(i) title ''.curve_label[i], \
     for [i = 1:curves] sprintf('curve%d.dat', i) using 1:2 with lines \
         linetype dash_of(i) linewidth 2.4 linecolor rgb colour_of(i) \
         title ''.curve_label[i]
set output
