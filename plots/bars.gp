# SPDX-License-Identifier: GPL-3.0-or-later
# bars -- stacked bars. figure.gp sets the words, ranges, tics and places, and then loads
# this.
load 'style.gp'
load 'words.gp'
load 'tags.gp'

set xrange [0.5:x_most]
set yrange [0:y_most]
set xtics scale 0
set ytics scale 0
set grid noxtics ytics

if (parts == 0) {
    set label 30005 nothing center font 'Helvetica,17' textcolor rgb quiet front \
        at screen (left + width - right) / 2.0 / width, \
           screen (bottom + height - top) / 2.0 / height
    plot 1 / 0 notitle
    set output
    exit
}

# Neighbours differ in how dark they are, too: a grey print keeps them apart.
density_of(i) = i % 2 ? 0.9 : 0.5
plot for [i = 1:parts] sprintf('part%d.dat', i) \
         using 1:2:($1 - half_bar):($1 + half_bar):2:3 with boxxyerror \
         fillstyle solid density_of(i) border linecolor rgb '#ffffff' \
         linetype 1 linewidth 0.8 fillcolor rgb colour_of(i) notitle
set output
